# SPDX-License-Identifier: AGPL-3.0-or-later
"""Part of the scripts about stories: Otter and Wren as people at two terminals, in any
language, at any width.  A play gives every screen a name."""

import os
import re
import subprocess
import time

from lib_terminal import ENV, INSIDE, KRING, WORK, Terminal

SOURCE = os.environ.get("KRING_SOURCE_DIR") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..")
NAMES = {"en": "English", "nl": "Nederlands"}
# What is drawn by lot, and what stands for it: a screen is the same each time.
WORDS = {"en": "able acorn acrobat active\n  actor adapt",
         "nl": "aaien aankomst aardbei\n  abrikoos acrobaat acteur"}
SUGGESTED = {"en": ("Alder", "Badger", "Cloud"), "nl": ("Beuk", "Das", "Vink")}
SENTENCE = {"en": "green boat sings twice", "nl": "groen bootje zingt graag"}
SENTENCE_NUMBERS = "417 96 802 955"
INVITATION = "kring" + "x" * 30 + " ..."


def catalogue():
    """{msgid: msgstr} of the Dutch catalogue; of plurals both forms."""
    out = {}
    with open(f"{SOURCE}/cli/po/nl.po", encoding="utf-8") as f:
        text = f.read()
    for block in text.split("\n\n"):
        parts = {k: "".join(re.findall(r'"((?:\\.|[^"\\])*)"', v)).replace('\\"', '"')
                 for k, v in re.findall(r'^(msg\w+(?:\[\d\])?) ((?:".*"\n?)+)', block,
                                        re.M)}
        if parts.get("msgid") and "msgid_plural" in parts:
            out[parts["msgid"]] = parts["msgstr[0]"]
            out[parts["msgid_plural"]] = parts["msgstr[1]"]
        elif parts.get("msgid"):
            out[parts["msgid"]] = parts["msgstr"]
    return out


DUTCH = catalogue()


def pieces(sentence):
    """What of a sentence stands on a screen as it is: two words or more."""
    for piece in re.split(r"%[-.\d*l]*[a-z]|\n", sentence):
        piece = piece.strip(" .,:;()[]")
        if " " in piece and len(piece) > 11:
            yield piece


def foreign(language, text):
    """The sentences of the other language that stand in `text`."""
    text = " ".join(text.split())
    found = []
    for english, dutch in DUTCH.items():
        other, own = (english, dutch) if language == "nl" else (dutch, english)
        found += [p for p in pieces(other) if p in text and p not in own]
    return found


class Play:
    """One person's terminal in one language; .screens are the screens by name."""

    def __init__(self, language, **terminal):
        self.language, self.terminal = language, terminal
        self.place = f"{language}-{terminal.get('columns', 40)}"
        self.screens, self.raw, self.missed = {}, [], []
        self.t, self.sentence = None, None

    def tr(self, msgid):
        return DUTCH[msgid] if self.language == "nl" else msgid

    def open(self, who, *args, words=True):
        self.t = Terminal(f"{who}-{self.place}", *args, words=words, **self.terminal)
        return self.t

    def find(self, sentence):
        """Where it ends in what is new, however it is wrapped; and where it begins."""
        new = self.t.text[self.t.at:]
        m = re.search(r"\s+".join(re.escape(w) for w in sentence.split()), new)
        return (m.end(), m.start()) if m else (None, None)

    def until(self, what, seconds=20):
        """Read up to `what`; a full page is turned.  The text since the last time."""
        start, page = self.t.at, self.tr("Enter goes on. 0 stops.")
        want, end = self.tr(what) if what in DUTCH else what, time.time() + seconds
        while time.time() < end:
            got, at = self.find(want)
            full, full_at = self.find(page)
            if got and not (full and full_at < at):
                self.t.at += got
                return self.t.text[start:self.t.at]
            if full:
                self.t.at += full
                self.t.say("")
            else:
                self.t.read(0.1)
        self.missed.append(f"{want!r} after {self.t.text[-400:]!r}")
        return ""

    def answer(self, typed, what, name=None):
        """Type, read up to `what`, and keep the screen between."""
        self.t.say(typed)
        text = self.until(what)
        for words in re.findall(rf"{self.tr('In words')}:\n +(.*)\n", text):
            self.sentence = words
        if name:
            # The first row is what was typed, or nothing where that is hidden.
            self.screens[name] = self.settled(text.split("\n", 1)[-1])
        return text

    def pick(self, choice, what, name=None):
        """As answer, with the number that stands before a choice now."""
        words = self.tr(choice).split(" (%")[0].split()
        said = r"\s+".join(re.escape(w) for w in words)
        rows = re.findall(rf"(?m)^ *(\S+)  {said}(?: \(\d+\))? *$", self.t.text)
        return self.answer(rows[-1] if rows else "?", what, name)

    def settled(self, text):
        """The screen with what is drawn by lot made the same each time."""
        text = re.sub(r"kring[a-z0-9]{60,}", INVITATION, text).strip("\n")
        text = re.sub(r"(?m) +$", "", text)
        for label, stands in (("In words", SENTENCE[self.language]),
                              ("In numbers", SENTENCE_NUMBERS)):
            text = re.sub(rf"(?m)^({self.tr(label)}:\n  ).*$", rf"\g<1>{stands}", text)
        if self.tr("Who are you in this group?") in text:
            for i, name in enumerate(SUGGESTED[self.language], 1):
                text = re.sub(rf"(?m)^{i}  .*$", f"{i}  {name}", text)
        return text

    def shown_by(self, name, who, *args):
        """Keep all that a command shows at a terminal."""
        self.open(who, *args, "--passphrase-file",
                  f"{WORK}/words-{who}-{self.place}", words=False)
        code = self.end()
        self.screens[name] = self.settled(self.t.text)
        return code

    def end(self):
        code = self.t.end(30)
        self.raw.append(self.t.text)
        return code

    def whole(self):
        return "\n".join(self.raw)


def begin(p, who, *args):
    """Story 1: language, words, the first screen."""
    p.open(who, "--listen", "127.0.0.1:0", *args, words=False)
    p.screens["languages"] = p.until("1-2:").strip("\n")
    number = list(NAMES).index(p.language) + 1
    text = p.answer(str(number), "Your choice:", "words")
    label = p.tr("Words")
    after = p.tr("Learn them, or keep them on paper in a safe place.").split()[0]
    words = re.search(f"{label}:\\s+(.*?)\\s+{after} ", text, re.S).group(1).split()
    p.screens["words"] = re.sub(f"(?s)({label}:\\s+).*?(\\s+{after} )",
                                lambda m: m[1] + WORDS[p.language] + m[2],
                                p.screens["words"])
    p.answer("", "Once more:", "once-more")
    p.answer(" ".join(words), "Number:", "first")
    with open(os.open(f"{WORK}/words-{who}-{p.place}",
                      os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
        f.write(" ".join(words) + "\n")
    return words


def command(p, who, *args, text=""):
    """A command as this person runs it."""
    home = f"{who}-{p.place}"
    return subprocess.run(
        [*INSIDE.get(home, ()), KRING, "--home", f"{WORK}/{home}", "--passphrase-file",
         f"{WORK}/words-{who}-{p.place}", *args], input=text, text=True, env=ENV,
        capture_output=True, timeout=60)


def reopen(p, who, *args):
    """The first screen of somebody who has a kring."""
    p.open(who, "--listen", "127.0.0.1:0", "--passphrase-file",
           f"{WORK}/words-{who}-{p.place}", *args, words=False)
    return p.until("Number:")


def close(p):
    """Back to the first screen and out; the exit code."""
    for _ in range(4):
        p.t.say("0")
        time.sleep(0.2)
        p.t.read(0.2)
        if p.tr("kring is closed.") in p.t.text[-200:]:
            break
    return p.end()
