# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a folder may reach: headers of others, headers of ours, banned calls."""

import os
import re

from lib_source import SANS_IO, Finding

# A library of others and the one place that may include it.
OTHERS = {
    "sodium.h": ("crypto/",),
    "uv.h": ("node/host/",),
    "sqlite3.h": ("store/", "tests/disk/"),
    "msgpack.h": ("base/",),
    "utf8proc.h": ("base/text.c",),
    "qrencode.h": ("cli/code.c",),
    "png.h": ("cli/code.c",),
    "fribidi.h": ("paper/",),
}
PREFIXES = {"sodium/": "sodium.h", "msgpack/": "msgpack.h", "uv/": "uv.h"}

# Our folders, and which of ours each may include.
OURS = {
    "base": ("base",),
    "crypto": ("crypto", "base"),
    "store": ("store", "crypto", "base"),
    "node/core": ("node/core", "crypto", "base"),
    "node/host": ("node/host", "node/core", "store", "crypto", "base"),
    "paper": ("paper", "base"),
    "cli": ("cli", "paper", "node/host", "node/core", "store", "crypto", "base"),
    "tests": ("tests", "cli", "paper", "node/host", "node/core", "store", "crypto",
              "base"),
    "bench": ("bench", "tests", "cli", "paper", "node/host", "node/core", "store",
              "crypto", "base"),
}

# What code that owns no clock, socket or file may ask of libc.
PURE_LIBC = {"assert.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h",
             "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h"}
# The failing CHECK has to say where it failed, and leaves no core file.
# The arena for keys asks the system for memory that is never swapped out.
PURE_EXCEPT = {"base/check.c": {"stdio.h", "unistd.h", "sys/resource.h"},
               "crypto/arena.c": {"sys/mman.h"},
               # Only vsnprintf: numbers into a page.
               "paper/paper.c": {"stdio.h"}, "paper/pdf.c": {"stdio.h"}}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def includes(source):
    """(line, is_ours, path) of every include."""
    for m in INCLUDE.finditer(source.code):
        line = source.code.count("\n", 0, m.start()) + 1
        yield line, m.group(1) == '"', m.group(2)


def library_of(path):
    for prefix, header in PREFIXES.items():
        if path.startswith(prefix):
            return header
    return path if path in OTHERS else None


def reached(tree, source, seen):
    """Libraries that a file includes, itself or through headers of ours."""
    for line, ours, path in includes(source):
        lib = library_of(path)
        if lib:
            yield line, lib, path
        elif ours and path in tree.by_path and path not in seen:
            seen.add(path)
            for _, lib, _ in reached(tree, tree.by_path[path], seen):
                yield line, lib, path


# Tests that compare our reader with the library's own, or give a library its memory:
# (file, library header's root).
ORACLES = {("tests/unit/test_mp.c", "msgpack.h"),
           ("tests/unit/test_text.c", "utf8proc.h"),
           ("tests/unit/test_memory.c", "sqlite3.h"),
           ("tests/oom/hook.c", "sqlite3.h")}


def library_includes(tree):
    for s in tree.c():
        for line, lib, through in reached(tree, s, set()):
            if (s.path, lib) in ORACLES:
                continue
            if not s.path.startswith(OTHERS[lib]):
                how = "" if through == lib else f" through {through}"
                yield Finding(s.path, line,
                              f"{lib}{how}: only {OTHERS[lib][0]} may include it")


def folder_includes(tree):
    for s in tree.c():
        for line, ours, path in includes(s):
            if ours and "/" not in path:
                yield Finding(s.path, line, f'write "folder/{path}"')
            elif ours and not path.startswith(tuple(f + "/" for f in OURS[s.folder])):
                yield Finding(s.path, line, f"{s.folder}/ may not include {path}")
            elif ours and path not in tree.by_path:
                yield Finding(s.path, line, f"{path} does not exist")


def pure_includes(tree):
    for s in tree.c(*SANS_IO):
        allowed = PURE_LIBC | PURE_EXCEPT.get(s.path, set())
        for line, ours, path in includes(s):
            if not ours and not library_of(path) and path not in allowed:
                yield Finding(s.path, line,
                              f"{path}: {s.folder}/ reaches no clock, socket or file")


def own_header_first(tree):
    for s in tree.c():
        header = s.path[:-2] + ".h"
        if not s.path.endswith(".c") or header not in tree.by_path:
            continue
        first = next(includes(s), None)
        if first and first[2] != header:
            yield Finding(s.path, first[0], f'"{header}" comes first')


def guards(tree):
    """FOLDER_NAME_H, made from the path."""
    for s in tree.c():
        if not s.path.endswith(".h"):
            continue
        want = re.sub(r"\W", "_", s.path).upper()
        if f"#ifndef {want}\n#define {want}\n" not in s.text:
            yield Finding(s.path, 1, f"the include guard is {want}")


# call: (folders where it may stand, what to do instead)
NOWHERE = ()
CALLS = {
    "strcpy": (NOWHERE, "struct buf"),
    "strcat": (NOWHERE, "struct buf"),
    "strncpy": (NOWHERE, "memcpy with a checked length"),
    "strncat": (NOWHERE, "struct buf"),
    "stpcpy": (NOWHERE, "struct buf"),
    "sprintf": (NOWHERE, "snprintf"),
    "vsprintf": (NOWHERE, "vsnprintf"),
    "gets": (NOWHERE, "getline"),
    "strtok": (NOWHERE, "a cursor"),
    "rand": (NOWHERE, "struct entropy"),
    "srand": (NOWHERE, "struct entropy"),
    "random": (NOWHERE, "struct entropy"),
    "srandom": (NOWHERE, "struct entropy"),
    "drand48": (NOWHERE, "struct entropy"),
    "getrandom": (NOWHERE, "struct entropy"),
    "system": (NOWHERE, "no shell"),
    "popen": (NOWHERE, "no shell"),
    "alloca": (NOWHERE, "a bounded array, or malloc"),
    "atoi": (NOWHERE, "a parser that can say no"),
    "atol": (NOWHERE, "a parser that can say no"),
    "atof": (NOWHERE, "a parser that can say no"),
    "setjmp": (NOWHERE, "an error returned"),
    "longjmp": (NOWHERE, "an error returned"),
    "tmpnam": (NOWHERE, "mkdtemp in a private folder"),
    "mktemp": (NOWHERE, "mkdtemp in a private folder"),
    "localtime": (NOWHERE, "localtime_r"),
    "gmtime": (NOWHERE, "gmtime_r"),
    "time": (("node/host", "tests", "bench"), "the time in the event"),
    "gettimeofday": (("node/host", "tests", "bench"), "the time in the event"),
    "clock_gettime": (("node/host", "tests", "bench"), "the time in the event"),
    "getenv": (("node/host", "cli", "tests", "bench"), "an argument"),
    "setenv": (("node/host", "cli", "tests", "bench"), "an argument"),
    "qsort": (("store", "node/host", "cli", "tests", "bench"),
              "a sort with a total order: qsort is free in how it treats ties"),
    "exit": (("node/host", "cli", "tests", "bench"), "an error returned"),
    "abort": (("tests", "bench"), "CHECK"),
    "assert": (NOWHERE, "CHECK, which stays on in release"),
    "fork": (("store", "node/host", "cli", "tests", "bench"), "a folder that does I/O"),
}
CALLS_EXCEPT = {("base/check.c", "abort")}
CALL = re.compile(r"(?<![\w.])(?<!->)(" + "|".join(CALLS) + r")\s*\(")


def banned_calls(tree):
    for s in tree.c():
        for m in CALL.finditer(s.code):
            folders, instead = CALLS[m.group(1)]
            if s.folder in folders or (s.path, m.group(1)) in CALLS_EXCEPT:
                continue
            line = s.code.count("\n", 0, m.start()) + 1
            yield Finding(s.path, line, f"{m.group(1)}() is banned here: {instead}")


GNU = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(_GNU_SOURCE|_POSIX_C_SOURCE|"
                 r"_XOPEN_SOURCE|_DEFAULT_SOURCE)", re.M)


def feature_macros(tree):
    """The build sets _GNU_SOURCE where it is due; no file sets it."""
    for s in tree.c():
        for m in GNU.finditer(s.code):
            line = s.code.count("\n", 0, m.start()) + 1
            yield Finding(s.path, line, f"{m.group(1)} is set by CMakeLists.txt alone")


RULES = {
    "libraries by folder": library_includes,
    "folders by layer": folder_includes,
    "pure includes": pure_includes,
    "own header first": own_header_first,
    "include guards": guards,
    "banned calls": banned_calls,
    "feature macros": feature_macros,
}
