# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts on prototypes, numbers of the protocol, rows of the limits table."""

import re

from lib_source import Finding, blank, signature, statements

PROTOCOL = "docs/protocol.md"
LIMITS = "base/limits.h"
CITE = re.compile(r"\bP(\d+\.\d+)\b")
DEFINE = re.compile(r"^\W*P(\d+\.\d+)\b", re.M)


def contracts(tree):
    """A comment stands directly above every prototype of every header."""
    for s in tree.c():
        if not s.path.endswith(".h") or s.path == "tests/lib/t.h":
            continue
        lines = s.lines()
        for st in statements(s.code):
            if re.match(r"\s*(typedef|_Static_assert|static_assert)\b", st.text):
                continue
            head = st.text.split("=")[0]
            if not signature(head) or "(*" in head.split("(", 1)[0] + "(":
                continue
            above = lines[st.first - 2].rstrip() if st.first > 1 else ""
            if not above.endswith("*/"):
                yield Finding(s.path, st.first,
                              f"{signature(head)[0]}: no contract directly above it")


def cited(tree):
    """{number: [(path, line)]} over code and tests."""
    out = {}
    for s in tree.sources:
        if not (s.is_c or s.path.endswith((".sql", ".py", ".sh", ".txt"))) or \
                s.path.startswith("tests/lint/"):
            continue
        for i, line in enumerate(s.lines(), 1):
            for m in CITE.finditer(line):
                out.setdefault(m.group(1), []).append((s.path, i))
    return out


def defined(tree):
    """[(number, line, paragraph)] in the protocol, in order."""
    source = tree.by_path.get(PROTOCOL)
    if not source:
        return []
    marks = list(DEFINE.finditer(source.text))
    ends = [m.start() for m in marks[1:]] + [len(source.text)]
    text = source.text
    return [(m.group(1), text.count("\n", 0, m.end()) + 1, text[m.start():end])
            for m, end in zip(marks, ends)]


def protocol_numbers(tree):
    known = set()
    for number, line, _ in defined(tree):
        if number in known:
            yield Finding(PROTOCOL, line, f"P{number} is given twice")
        known.add(number)
    for number, places in sorted(cited(tree).items()):
        if number not in known:
            for path, line in places:
                yield Finding(path, line, f"P{number} is not in {PROTOCOL}")


def uncited_musts(tree):
    """The numbers whose text says MUST and that nothing cites. A report."""
    used = cited(tree)
    musts = [(n, line) for n, line, text in defined(tree) if "MUST" in text]
    return musts, [(n, line) for n, line in musts if n not in used]


def limit_names(tree):
    """(name, line) of every row of the limits table."""
    source = tree.by_path.get(LIMITS)
    if not source:
        return
    row = re.compile(r"^\s*(?:X\(\s*(\w+)|([A-Z][A-Z0-9_]{3,})\s*=|"
                     r"#\s*define\s+([A-Z][A-Z0-9_]*_(?:MAX|MIN|MS|BYTES|COUNT)\w*)\s)")
    for i, line in enumerate(blank(source.text).split("\n"), 1):
        m = row.match(line)
        if m:
            yield next(g for g in m.groups() if g), i


def limits_tested(tree):
    tests = "\n".join(s.text for s in tree.sources if s.path.startswith("tests/") and
                      not s.path.startswith("tests/lint/"))
    words = set(re.findall(r"\w+", tests))
    for name, line in limit_names(tree):
        if name not in words and f"LIMIT_{name}" not in words:
            yield Finding(LIMITS, line, f"{name}: no file in tests/ names it")


RULES = {
    "contracts": contracts,
    "protocol numbers": protocol_numbers,
    "limits tested": limits_tested,
}
