# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people read: catalogues complete, sentences short, one word for each idea."""

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
    """[(msgid, [msgstr...], fuzzy, [msgid_plural])] of a catalogue, without header."""
    out = []
    for block in re.split(r"\n\s*\n", text):
        if re.search(r"^#~", block, re.M):
            continue
        parts = [(k, "".join(PIECE.findall(v))) for k, v in ENTRY.findall(block)]
        ids = [v for k, v in parts if k == "msgid"]
        if ids and ids[0]:
            out.append((ids[0], [v for k, v in parts if k.startswith("msgstr")],
                        "#, fuzzy" in block or ", fuzzy" in block.split("msgid")[0],
                        [v for k, v in parts if k == "msgid_plural"]))
    return out


def wanted(tree):
    """The entries of every sentence the code marks for people; [] without xgettext."""
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
    return entries(done.stdout)


def said(tree):
    """Every sentence of the code, in the singular and in the plural."""
    return [text for e in wanted(tree) for text in [e[0]] + e[3]]


def catalogues_complete(tree):
    catalogues = [s for s in tree.sources if s.path.startswith("cli/po/") and
                  s.path.endswith(".po")]
    ids = [e[0] for e in wanted(tree)] if catalogues else []
    for s in catalogues:
        have = {e[0]: e for e in entries(s.text)}
        for msgid in ids:
            if msgid not in have or not all(have[msgid][1]) or not have[msgid][1]:
                yield Finding(s.path, 1, f'not translated: "{msgid}"')
            elif have[msgid][2]:
                yield Finding(s.path, 1, f'fuzzy: "{msgid}"')


# ---- words ------------------------------------------------------------------------

WORDS = "docs/words.md"
TABLES = ("cli/args.c", "cli/topics.c")  # what stands in them is shown as it is
NEVER = re.compile(r"Never in (\w+)")
TYPED = {"node"}  # a command's name that stays, though the word is not shown else
LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"')


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def forbidden(text):
    """{language: pattern of the words that docs/words.md refuses}."""
    found, head = {}, []
    for line in text.split("\n"):
        if not line.startswith("|"):
            head = []
        elif not head:
            head = cells_of(line)
        elif not set(line) <= set("|-: "):
            for name, cell in zip(head, cells_of(line)):
                if NEVER.fullmatch(name):
                    language = NEVER.fullmatch(name).group(1)
                    found.setdefault(language, []).extend(
                        w.strip() for w in cell.split(",") if w.strip())
    return {language: re.compile(r"(?<!\w)(" + "|".join(
        re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "")
        for w in words) + r")(?![\w])", re.I) for language, words in found.items()}


def prose(markdown):
    """A page without what stands in code marks or is set as code."""
    markdown = re.sub(r"^```.*?^```$", "", markdown, flags=re.M | re.S)
    markdown = re.sub(r"^(?: {4}|\t).*$", "", markdown, flags=re.M)
    return re.sub(r"`[^`]*`", "", markdown)


def shown(tree):
    """[(path, language, text)]: everything a person may read."""
    out = [("cli", "English", m) for m in said(tree)]
    for s in tree.sources:
        if s.path.startswith("cli/po/") and s.path.endswith((".po", ".pot")):
            for msgid, strings, _, plurals in entries(s.text):
                out += [(s.path, "English", m) for m in [msgid] + plurals]
                if s.path.endswith("/nl.po"):
                    out += [(s.path, "Dutch", m) for m in strings]
        elif s.path in TABLES:
            out += [(s.path, "English", m) for m in LITERAL.findall(
                re.sub(r"(?m)^#.*$|/\*.*?\*/", "", s.text))]
        elif s.path == "README.md" or re.match(r"docs/trial/.*\.md$", s.path):
            language = "Dutch" if s.path.endswith("-nl.md") else "English"
            out.append((s.path, language, prose(s.text)))
    return out


def plain_words(tree):
    if WORDS not in tree.by_path:
        yield Finding(WORDS, 1, "is missing")
        return
    never = forbidden(tree.by_path[WORDS].text)
    if set(never) != {"English", "Dutch"}:
        yield Finding(WORDS, 1, "no table says what is never in English and Dutch")
        return
    for path, language, text in shown(tree):
        for m in never[language].finditer(text):
            if path in TABLES and m.group() in TYPED:
                continue
            line = text[max(0, m.start() - 30):m.end() + 30].replace("\n", " ").strip()
            yield Finding(path, 1, f'never "{m.group()}" on a screen: "{line}"')


def sentences(text):
    text = text.replace("\\n", "\n").replace('\\"', '"')
    for line in re.split(r"[\n.!?:;]+(?:\s|$)|\n", text):
        yield line


def long_sentences(tree):
    texts = [("cli", m) for m in said(tree)]
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
    "plain words": plain_words,
}
