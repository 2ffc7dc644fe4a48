# SPDX-License-Identifier: AGPL-3.0-or-later
"""The source tree as the lint sees it: files, code without comments, functions."""

import os
import re
from dataclasses import dataclass, field

# The folders that make the product, and those that try it.
PRODUCT = ("base", "crypto", "store", "node/core", "node/host", "paper", "cli")
AROUND = ("tests", "bench")
SANS_IO = ("base", "crypto", "node/core", "paper")


@dataclass
class Finding:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


@dataclass
class Function:
    name: str
    first: int  # line of the signature, counted from 1
    last: int
    parameters: int


@dataclass
class Statement:
    text: str
    first: int  # line where it begins, counted from 1


@dataclass
class Source:
    path: str
    text: str
    code: str = field(default="")  # comments and strings blanked, lines kept

    @property
    def folder(self):
        for name in PRODUCT + AROUND:
            if self.path.startswith(name + "/"):
                return name
        return ""

    @property
    def is_c(self):
        return self.path.endswith((".c", ".h"))

    def lines(self):
        return self.text.split("\n")


class Tree:
    """All text files of the project under one root, without build and .git."""

    TEXT = (".c", ".h", ".sql", ".py", ".sh", ".awk", ".cmake", ".txt", ".md",
            ".po", ".pot", ".allow", ".json", ".trace")
    PLAIN = ("run", "test", "LICENSE", ".gitignore", ".clang-format")

    def __init__(self, root):
        self.root = root
        self.sources = []
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(d for d in folders
                                if d not in ("build", ".git", "__pycache__", "corpus"))
            for name in sorted(names):
                path = os.path.join(folder, name)
                short = os.path.relpath(path, root)
                if name.endswith(self.TEXT) or name in self.PLAIN:
                    with open(path, encoding="utf-8", errors="replace") as f:
                        text = f.read()
                    code = blank(text) if short.endswith((".c", ".h")) else ""
                    self.sources.append(Source(short, text, code))
        self.by_path = {s.path: s for s in self.sources}

    def c(self, *folders):
        """The C files, all or those of the given folders."""
        return [s for s in self.sources
                if s.is_c and (not folders or s.folder in folders)]


TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE_LINE = re.compile(r'^[ \t]*#[ \t]*include[^\n]*', re.M)


def blank(text):
    """The text with comments gone and string contents gone; lines stay in place."""
    keep = [m.span() for m in INCLUDE_LINE.finditer(text)]

    def repl(m):
        if any(a <= m.start() < b for a, b in keep):
            return m.group() if m.group()[0] == '"' else ""
        s = m.group()
        newlines = "\n" * s.count("\n")
        if s[0] == "/":
            return " " + newlines
        return s[0] + s[0] + newlines

    return TOKEN.sub(repl, text)


def without_preprocessor(code):
    """The code with every preprocessor line, and what continues it, left empty."""
    out, inside = [], False
    for line in code.split("\n"):
        is_directive = inside or line.lstrip().startswith("#")
        out.append("" if is_directive else line)
        inside = is_directive and line.rstrip().endswith("\\")
    return "\n".join(out)


def split_parameters(inner):
    """Parameters between the outer brackets of a function."""
    depth, parts, last = 0, [], ""
    for ch in inner:
        if ch in "([{":
            depth += 1
        elif ch in ")]}":
            depth -= 1
        if ch == "," and depth == 0:
            parts.append(last)
            last = ""
        else:
            last += ch
    parts.append(last)
    parts = [p.strip() for p in parts]
    return [] if parts in ([""], ["void"]) else parts


NAME_AND_BRACKET = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
NOT_A_NAME = {"__attribute__", "_Static_assert", "static_assert", "_Alignas", "sizeof"}


def signature(text):
    """(name, parameters) of a declaration or definition, or None."""
    text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", " ", text)
    for m in NAME_AND_BRACKET.finditer(text):
        if m.group(1) in NOT_A_NAME:
            return None
        depth, i = 0, m.end() - 1
        while i < len(text):
            depth += {"(": 1, ")": -1}.get(text[i], 0)
            i += 1
            if depth == 0:
                break
        return m.group(1), split_parameters(text[m.end():i - 1])
    return None


def statements(code):
    """What stands at file scope: text up to `;` or up to a body, and where."""
    text = without_preprocessor(code)
    out, depth, start, buf, line = [], 0, None, "", 1
    for ch in text:
        if ch == "{":
            if depth == 0:
                buf += "{"
            depth += 1
        elif ch == "}":
            depth -= 1
            if depth == 0 and signature(buf) and "=" not in buf.split("(")[0] \
                    and not re.match(r"\s*(typedef|struct\s+\w+\s*\{|enum)", buf):
                out.append(Statement(buf, start))
                buf, start = "", None
        elif depth == 0:
            if ch == ";":
                if start:
                    out.append(Statement(buf, start))
                buf, start = "", None
            else:
                if start is None and not ch.isspace():
                    start = line
                buf += ch
        if ch == "\n":
            line += 1
    return out


def functions(source):
    """Every function with a body: its brace stands alone at the line's start."""
    lines = without_preprocessor(source.code).split("\n")
    out, i = [], 0
    while i < len(lines):
        if lines[i].rstrip() != "{":
            i += 1
            continue
        first = i
        while first > 0 and lines[first - 1].strip() and \
                not lines[first - 1].rstrip().endswith((";", "}")):
            first -= 1
        last = i
        while last < len(lines) - 1 and not lines[last].startswith("}"):
            last += 1
        found = signature("\n".join(lines[first:i]))
        if found:
            out.append(Function(found[0], first + 1, last + 1, len(found[1])))
        i = last + 1
    return out
