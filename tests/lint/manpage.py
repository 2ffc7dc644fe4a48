# SPDX-License-Identifier: AGPL-3.0-or-later
"""The man page that the build made, in both languages: mandoc finds no fault in it, and
it has every command, option and question that `kring help` has."""

import os
import re
import shutil
import subprocess
import sys

BUILD = os.environ["KRING_BUILD_DIR"]
PAGES = {"en": "man/man1/kring.1", "nl": "man/nl/man1/kring.1"}


def run(*command):
    env = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="")
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)


def helped(language):
    """(commands and options, topics) that `kring help` lists."""
    text = run(f"{BUILD}/kring", "help", "--language", language).stdout
    names = re.findall(r"^(kring[^:\n]*|--[^:\n]*): ", text, re.M)
    topics = [n.split()[2] for n in names if re.fullmatch(r"kring help [a-z]+", n)]
    return [n for n in names if n.replace("kring help ", "") not in topics], topics


def faults(language, path):
    page = f"{BUILD}/{path}"
    if not shutil.which("mandoc"):
        return ["mandoc is missing (package mandoc)"]
    if not os.path.exists(page):
        return [f"{page} was not made"]
    lint = run("mandoc", "-Tlint", "-Wwarning", page)
    found = [line for line in (lint.stdout + lint.stderr).split("\n") if line]
    shown = run("mandoc", "-Tutf8", "-O", "width=200", page).stdout
    plain = re.sub(".\b", "", shown).replace("\u2010", "-").replace("\u2212", "-")
    names, topics = helped(language)
    if len(names) < 20 or len(topics) < 5:
        found.append(f"`kring help` lists only {names} and {topics}")
    found += [f"{path} has no {name}" for name in names if name not in plain]
    for topic in topics:
        text = run(f"{BUILD}/kring", "help", topic, "--language", language).stdout
        lines = [line for line in text.split("\n")
                 if line.endswith(".") and not line.startswith(("kring ", "--"))]
        found += [f"{path} does not say: {line}" for line in lines if line not in plain]
        found += [] if lines else [f"`kring help {topic}` says nothing"]
    return found


def main():
    passed = failed = 0
    for language, path in PAGES.items():
        found = faults(language, path)
        for fault in found:
            print(fault)
        passed += not found
        failed += bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
