# SPDX-License-Identifier: AGPL-3.0-or-later
"""Part of the scripts about stories: the stories themselves, played by Otter and Wren
(lib_stories)."""

import os
import re

from lib_stories import NAMES, Play, begin, close, command, reopen
from lib_terminal import WORK, Terminal, check


def alone(p):
    """Story 1: Otter begins, and starts a group."""
    begin(p, "otter")
    p.answer("?", "Number:")
    p.answer("1", "Name of the group:")
    p.answer(p.circle, "Number:", "how-long")
    p.answer("2", "A number, or a name:", "who-are-you")
    p.answer("Otter", "Number:", "new-group")
    p.answer("?", "Number:", "group-explained")


def let_in(p, wren):
    """Story 2: Otter gives a line, Wren types it, both compare a sentence."""
    p.pick("Let somebody in", "Number:", "let-in")
    p.pick("No", "Number:", "how")
    line = p.pick("As a line to copy", "Number:", "invitation")
    line = re.search(r"kring[a-z0-9]{60,}", line).group()
    begin(wren, "wren")
    wren.pick("Join with an invitation", "Your invitation:")
    wren.answer(line, "A number, or a name:")
    wren.answer("Wren", "Number:", "joining")
    p.until(p.tr("%s wants to come in.").replace("%s", "Wren"))
    p.until("Number:")
    p.answer("", "Number:")
    p.pick("Who wants to come in (%lu)", "Same? y/n", "compare")
    wren.until("Otter", 3)
    wren.answer("", "Number:")
    text = wren.answer("1", "Same? y/n")
    # What was asked before this screen may still come with it.
    wren.screens["compare-newcomer"] = wren.settled(
        re.split(rf"(?m)^{wren.tr('Number:')}.*\n", text.split("\n", 1)[-1])[-1])
    check(f"{p.language}: both see one sentence",
          p.sentence == wren.sentence and p.sentence, (p.sentence, wren.sentence))
    yes = {"en": "y", "nl": "j"}[p.language]
    wren.answer(yes, "Number:", "said-same")
    p.answer(yes, p.tr("You let %s in.").replace("%s", "Wren"))


def two(p):
    """Stories 2 and 3: Wren is let in; they talk; a text is taken back."""
    wren = Play(p.language, **p.terminal)
    wren.circle = p.circle
    let_in(p, wren)
    before = p.t.at
    joined = p.tr("%s joined. Let in by %s.").replace("%s", "Wren", 1)
    wren.until(p.tr("You are in: %s").split(":")[0])
    wren.until("Number:")
    p.until(joined.replace("%s", "Otter"))
    p.until("Number:")
    p.screens["joined"] = p.t.text[before:p.t.at].strip("\n ")
    p.answer("", "Number:")
    p.pick("Who is here", "Number:", "who-is-here")
    p.pick("Write", "Your text:")
    p.answer(p.tr("Bring a cup."), "Number:", "waits")
    p.answer("u", "Number:", "taken-back")
    close(p)
    command(p, "otter", "say", p.circle, text=p.tr("Yes. I bring soup."))
    p.shown_by("read", "otter", "read", p.circle)
    check(f"{p.language}: Wren closes", close(wren) == 0, wren.missed)
    for name in "joining", "compare-newcomer", "said-same":
        p.screens[name] = wren.screens.get(name, "")
    p.raw += wren.raw
    p.missed += wren.missed


def lock(p):
    """Story 9: one command, and it is closed; other words open nothing."""
    reopen(p, "otter")
    open_one = p.t
    check(f"{p.language}: lock", p.shown_by("lock", "otter", "lock") == 0,
          p.screens["lock"])
    p.t = open_one
    p.until("kring is closed.")
    p.end()
    p.open("otter", words=False)
    p.until(": ")
    p.answer("these are other words", ": ", "refused")
    os.write(p.t.fd, b"\x03")
    p.end()
    reopen(p, "otter")
    p.answer("l", "Locked. Nothing arrives until you open it.")
    p.screens["lock-key"] = p.tr("Locked. Nothing arrives until you open it.")
    check(f"{p.language}: l locks", p.end() == 0, p.t.text)


def panic(p):
    """Story 9, the worst of it: a word is chosen before, and erases everything."""
    p.open("otter", "panic", "--enable", "--passphrase-file",
           f"{WORK}/words-otter-{p.place}", words=False)
    p.screens["panic-enable"] = p.settled(p.until("Your word:"))
    p.answer("sluice gate", "The same word again:")
    p.t.say("sluice gate")
    check(f"{p.language}: a word is chosen", p.end() == 0, p.t.text)
    p.screens["panic-enabled"] = p.settled(
        p.t.text.rsplit(p.tr("The same word again:"), 1)[-1].split("\n", 1)[-1])
    p.open("otter", "panic", words=False)
    p.screens["panic"] = p.settled(p.until("Your word"))
    p.t.say("sluice gate")
    check(f"{p.language}: it erases", p.end() == 0, p.t.text)
    p.screens["erased"] = p.settled(p.t.text.split("sluice gate", 1)[-1])


def session(p):
    """Story 10: a shared computer, where nothing stays."""
    p.t = Terminal(None, "session", env=dict(p.terminal.get("env") or {}),
                   columns=p.terminal.get("columns", 40))
    p.until("1-2:")
    p.answer(str(list(NAMES).index(p.language) + 1), "Number:", "session")
    p.t.say("0")
    check(f"{p.language}: a session ends", p.end() == 0, p.t.text)
    p.screens["session-end"] = p.settled(p.t.text.rsplit("\n", 3)[-2])
