# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sizes, headings and leftovers: the numbers of docs/style.md."""

import os
import re

from lib_source import AROUND, PRODUCT, Finding, functions

C_LINES_MAX = 800
H_LINES_MAX = 250
SCRIPT_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
COLUMNS_MAX = 88

TOP_LEVEL = {
    "base", "crypto", "store", "node", "paper", "cli", "tests", "bench", "docs",
    "run", "test", ".ci", ".clang-format", ".gitignore", "CMakeLists.txt",
    "CMakePresets.json", "LICENSE", "README.md", "build", ".git",
}
SCRIPTS = (".py", ".sh", ".awk", ".cmake")
SPDX = "SPDX-License-Identifier: AGPL-3.0-or-later"
# Written in pieces, so that this file does not find itself.
LEFTOVER = re.compile(r"\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "X" + "XX")) +
                      r")\b")
MACHINE = re.compile(r"(?<![\w.])/(" + "|".join(("ho" + "me", "wo" + "rk", "ro" + "ot",
                                                 "Us" + "ers")) + r")/\w")


def is_script(source):
    return source.path.endswith(SCRIPTS) or source.path in ("run", "test", ".ci/run")


def file_lengths(tree):
    for s in tree.sources:
        n = s.text.count("\n")
        limit = (C_LINES_MAX if s.path.endswith(".c") else
                 H_LINES_MAX if s.path.endswith(".h") else
                 SCRIPT_LINES_MAX if is_script(s) else n)
        if n > limit:
            yield Finding(s.path, n, f"{n} lines, {limit} is the stop")


def function_lengths(tree):
    for s in tree.c():
        for f in functions(s):
            n = f.last - f.first + 1
            if n > FUNCTION_LINES_MAX:
                yield Finding(s.path, f.first,
                              f"{f.name}: {n} lines, {FUNCTION_LINES_MAX} is the stop")


def parameters(tree):
    for s in tree.c():
        for f in functions(s):
            if f.parameters > PARAMETERS_MAX:
                yield Finding(s.path, f.first, f"{f.name}: {f.parameters} parameters, "
                              f"{PARAMETERS_MAX} is the stop: make a struct")


def line_lengths(tree):
    for s in tree.sources:
        if not (s.is_c or is_script(s)):
            continue
        for i, line in enumerate(s.lines(), 1):
            if len(line) > COLUMNS_MAX:
                yield Finding(s.path, i,
                              f"{len(line)} columns, {COLUMNS_MAX} is the stop")
            if "\t" in line or line != line.rstrip():
                yield Finding(s.path, i, "a tab, or space at the end of the line")


def licence_lines(tree):
    for s in tree.sources:
        if s.is_c or is_script(s) or s.path.endswith(".sql"):
            if SPDX not in "\n".join(s.lines()[:3]):
                yield Finding(s.path, 1, f"no line `{SPDX}` at the top")


def file_headings(tree):
    """Every C file opens with `name -- purpose`."""
    for s in tree.c():
        name = os.path.basename(s.path)
        if not re.search(re.escape(name) + r" -- \w", "\n".join(s.lines()[:6])):
            yield Finding(s.path, 1, f"no heading `/* {name} -- purpose ... */`")


def leftovers(tree):
    for s in tree.sources:
        for i, line in enumerate(s.lines(), 1):
            m = LEFTOVER.search(line)
            if m:
                yield Finding(s.path, i, f"{m.group()} left over: do it or drop it")


def machine_paths(tree):
    for s in tree.sources:
        for i, line in enumerate(s.lines(), 1):
            m = MACHINE.search(line)
            if m:
                yield Finding(s.path, i, f"a path of one machine: {m.group()}...")


def top_level(tree):
    for name in sorted(os.listdir(tree.root)):
        if name not in TOP_LEVEL:
            yield Finding(name, 1, "does not belong at the top level")
    for name in sorted(os.listdir(os.path.join(tree.root, "node"))
                       if os.path.isdir(os.path.join(tree.root, "node")) else []):
        if f"node/{name}" not in PRODUCT:
            yield Finding(f"node/{name}", 1, "node/ holds core/ and host/ only")
    for s in tree.c():
        if not s.folder and s.path.split("/")[0] not in AROUND:
            yield Finding(s.path, 1, "C code lives in a folder of the design")


RULES = {
    "file length": file_lengths,
    "function length": function_lengths,
    "parameters": parameters,
    "line length": line_lengths,
    "licence line": licence_lines,
    "file heading": file_headings,
    "leftovers": leftovers,
    "machine paths": machine_paths,
    "top level": top_level,
}
