# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people read: catalogues complete, sentences short."""

import os
import re
import shutil
import subprocess

from lib_source import Finding

WORDS_MAX = 12
KEYWORDS = ("_", "N_", "gettext", "ngettext:1,2", "X:3")
ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) '
                   r'((?:"(?:\\.|[^"\\])*"\s*)+)', re.M)
PIECE = re.compile(r'"((?:\\.|[^"\\])*)"')


def entries(text):
    """[(msgid, [msgstr...], fuzzy)] of a catalogue, without its header."""
    out = []
    for block in re.split(r"\n\s*\n", text):
        if re.search(r"^#~", block, re.M):
            continue
        parts = [(k, "".join(PIECE.findall(v))) for k, v in ENTRY.findall(block)]
        ids = [v for k, v in parts if k == "msgid"]
        if ids and ids[0]:
            out.append((ids[0], [v for k, v in parts if k.startswith("msgstr")],
                        "#, fuzzy" in block or ", fuzzy" in block.split("msgid")[0]))
    return out


def wanted(tree):
    """Every sentence the code marks for people, or None without xgettext."""
    files = [s.path for s in tree.c("cli", "node/host")]
    if "base/err.h" in tree.by_path:
        files.append("base/err.h")
    if not files or not shutil.which("xgettext"):
        return []
    command = ["xgettext", "--language=C", "--from-code=UTF-8", "--omit-header",
               "--output=-"] + [f"--keyword={k}" for k in KEYWORDS] + files
    env = dict(os.environ, LC_ALL="C", LANGUAGE="")
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True,
                          check=True, env=env)
    return [e[0] for e in entries(done.stdout)]


def catalogues_complete(tree):
    catalogues = [s for s in tree.sources if s.path.startswith("cli/po/") and
                  s.path.endswith(".po")]
    ids = wanted(tree) if catalogues else []
    for s in catalogues:
        have = {e[0]: e for e in entries(s.text)}
        for msgid in ids:
            if msgid not in have or not all(have[msgid][1]) or not have[msgid][1]:
                yield Finding(s.path, 1, f'not translated: "{msgid}"')
            elif have[msgid][2]:
                yield Finding(s.path, 1, f'fuzzy: "{msgid}"')


def sentences(text):
    text = text.replace("\\n", "\n").replace('\\"', '"')
    for line in re.split(r"[\n.!?:;]+(?:\s|$)|\n", text):
        yield line


def long_sentences(tree):
    texts = [("cli", m) for m in wanted(tree)]
    for s in tree.sources:
        if s.path.startswith("cli/po/") and s.path.endswith(".po"):
            texts += [(s.path, t) for e in entries(s.text) for t in e[1]]
    for path, text in texts:
        for sentence in sentences(text):
            words = [w for w in sentence.split() if re.search(r"\w", w)]
            if len(words) > WORDS_MAX:
                yield Finding(path, 1, f"{len(words)} words, {WORDS_MAX} is the stop: "
                              f'"{sentence.strip()}"')


RULES = {
    "catalogues": catalogues_complete,
    "short sentences": long_sentences,
}
