# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bad answers at every question of every flow, in both languages: each gets a sentence
and the question again, nothing that was written is lost, and whoever ends it there has
the terminal back as it was.

In English each run opens the profile itself, in Dutch it talks to a kring that runs:
both ways a half text must come home.  The questions are taken from the sources and from
what the program shows: one that the table below does not know fails the test, and so
does one that no flow comes to."""

import os
import re
import shutil

import lib_terminal as tty
from lib_prompts import BAD, NUMBERS, Asking, asked_in_sources, catalogue
from lib_terminal import WORK, check, main, node, run

WORDS = "able acorn acrobat active actor adapt"
OTHERS = "other words that nobody guesses"
DRAFT = "precious words\nof two lines"
DUTCH = catalogue()
NUMBER, TEXT, LINE = "Number:", "Your text:", "Line %lu:"
CHOICE, AGAIN, PHRASE = "Your choice:", "Once more:", "Passphrase:"
NAME, GROUP, PAGE = "A number, or a name:", "Name of the group:", \
    "Enter goes on. 0 stops."
CODE, REST = "Your invitation:", "The rest, or only Enter:"
OLD, NEW = "Number of the line, 0 goes back:", "New line:"

# Question -> answers that are bad there.  What is left out is a good answer there: an
# empty row that goes back, a number that is a name or a text, letters a code may have.
EVERY = tuple(BAD)
UNREADABLE = ("1 MiB on one row", "64 KiB and one byte", "control characters",
              "invalid UTF-8")
SIGNS = UNREADABLE + ("bidi controls",)
TABLE = {
    "1-2:": EVERY, NUMBER: EVERY, OLD: EVERY,
    PHRASE: EVERY, AGAIN: EVERY,
    CHOICE: ("a minus", "a half", "another script's three", "invalid UTF-8",
             "1 MiB on one row"),
    NAME: SIGNS + ("empty", "a number without end"), GROUP: SIGNS,
    CODE: SIGNS + NUMBERS, REST: SIGNS + ("a half", "another script's three"),
    LINE: UNREADABLE, NEW: UNREADABLE, TEXT: UNREADABLE,
    PAGE: (),
}
# Asked only where no flow here can be: the script that gives bad answers there.
OTHER_SCRIPTS = {
    "Your word:": "lock", "The same word again:": "lock", "Print it? y/n:": "print",
    "Name of the new file:": "print", "File (0 goes back):": "door",
    "A name for this network, only for you:": "around",
}
# Where else than at the same question one may stand after a bad answer.
ELSEWHERE = {AGAIN: (CHOICE,), REST: (CODE,), NEW: (NUMBER,), TEXT: (NUMBER,)}
# Questions at which a bad answer makes a text that is kept: each time a new run.
ONE_A_RUN = (TEXT, NEW, AGAIN, REST, PHRASE)
# Answers here change nothing by themselves.
SAFE = (NUMBER, OLD, PAGE, CODE, REST)
seen = set()


class Flow:
    """One run of kring: which command, and the questions with their good answers."""

    def __init__(self, name, args, steps, home="wren", words=True, code=(0,)):
        self.name, self.args, self.steps = name, args, steps
        self.home, self.words, self.code = home, words, code
        self.node = None  # or what runs beside it


def told(lang, msgid):
    """The question as it is shown, as a pattern."""
    text = DUTCH[msgid] if lang == "nl" and msgid in DUTCH else msgid
    return re.escape(text).replace("%lu", r"\d+") + "$"


def which(lang, shown):
    """The question of the table that is open; None: the table does not know it."""
    for msgid in TABLE:
        if shown is not None and re.match(told(lang, msgid), shown):
            seen.add(msgid)
            return msgid
    return None


def fresh(lang, flow):
    """The profile of the flow as it was set up."""
    shutil.rmtree(f"{WORK}/now", ignore_errors=True)
    if flow.home:
        shutil.copytree(f"{WORK}/{flow.home}-{lang}", f"{WORK}/now")


def begin(lang, flow, changes):
    """One run of the flow, in a fresh profile.  A node that runs there is left as it is
    until a run has changed something."""
    if not flow.node:
        fresh(lang, flow)
    elif flow.dirty:
        flow.node.__exit__()
        fresh(lang, flow)
        flow.node.__enter__()
    flow.dirty = changes
    args = (*flow.args, *(("--language", lang) if flow.home else ()))
    t = Asking("now", *args, words=flow.words)
    t.said = ""
    return t


def kept():
    return run("now", "drafts", "--json").stdout


def walk(lang, flow, steps):
    """Good answers up to the question number `steps`; the terminal, or None."""
    t = begin(lang, flow, any(m not in SAFE for m, _ in flow.steps[:steps + 1]))
    question = t.open()
    for msgid, good in flow.steps[:steps]:
        if which(lang, question) != msgid:
            break
        question = t.answer(good.encode())
    wanted = flow.steps[steps][0] if steps < len(flow.steps) else None
    if which(lang, question) == wanted:
        return t
    check(f"{lang} {flow.name}: step {steps} asks {wanted!r}", False,
          f"it asks {question!r}\n{t.text}")
    t.close()
    return None


def stands(lang, t, flow, msgid, name, question):
    """After a bad answer: a sentence, and a question that may come."""
    at = which(lang, question)
    good = at == msgid or at in ELSEWHERE.get(msgid, ())
    check(f"{lang} {flow.name}: {name} at {msgid!r}", good and t.has_sentence(),
          f"then it asks {question!r}\n{t.said[-600:]}")
    return good


def bad_answers(lang, flow):
    """All bad answers, one after the other at each question; then the good one."""
    flow.dirty = True
    t = walk(lang, flow, 0)
    for msgid, good in flow.steps if t else ():
        for name in TABLE[msgid] if msgid not in ONE_A_RUN else ():
            if not stands(lang, t, flow, msgid, name, t.answer(BAD[name])):
                break
        t.answer(good.encode())
    check(f"{lang} {flow.name}: the good answers count", t and t.wait_over() and
          t.code in flow.code, t and f"{t.code}\n{t.text[-1500:]}")
    if t:
        t.close()


def bad_alone(lang, flow, number):
    """Bad answers that change what comes next: each in a run of its own."""
    msgid = flow.steps[number][0]
    for name in TABLE[msgid]:
        t = walk(lang, flow, number)
        if not t:
            return
        stands(lang, t, flow, msgid, name, t.answer(BAD[name]))
        t.write(b"\x03")
        check(f"{lang} {flow.name}: it ends after {name} at {msgid!r}",
              t.wait_over() and t.is_plain(), t.text[-600:])
        t.close()
        if msgid == TEXT:
            first = {"1": "xxx", "6": "yyy", "c": "abcdef", "i": "caf "}[name[0]]
            check(f"{lang} {flow.name}: {name} is kept", first in kept() and
                  "precious words" in kept(), kept())


def endings(lang, flow, number):
    """The end of the file and control-C, at an empty row and behind half an answer."""
    msgid = flow.steps[number][0]
    for name, keys in (("end of file", b"\x04"), ("control-C", b"\x03"),
                       ("control-C after half a row", b"half\x03"),
                       ("end of file after half a row", b"half\x04\x04")):
        t = walk(lang, flow, number)
        if not t:
            return
        t.write(keys)
        ended = t.wait_over()
        check(f"{lang} {flow.name}: {name} at {msgid!r} ends it",
              ended and t.code is not None and t.code >= 0 and t.is_plain() and
              t.text.endswith("\n"), f"{t.code}\n{t.text[-600:]}")
        t.close()
        if flow.home == "wren" and (number == 0 or msgid in (TEXT, LINE, NEW, OLD)):
            held = kept()
            check(f"{lang} {flow.name}: {name} at {msgid!r} loses no text",
                  "precious words" in held and
                  (msgid not in (TEXT, LINE, NEW) or "half" not in name or
                   "half" in held), held)


def flows(code):
    """Home screens first: which numbers they offer stands in the good answers."""
    half = len(code) // 2
    again = [(NUMBER, "0")]  # the text that was not sent is left as it is
    return [
        Flow("init", ("init", "--light"), [("1-2:", "{n}"), (CHOICE, WORDS),
                                           (AGAIN, WORDS)], home=None, words=False),
        Flow("open", ("groups",), [(PHRASE, WORDS)], words=False),
        Flow("passphrase", ("passphrase", "--light"),
             [(PHRASE, WORDS), (CHOICE, OTHERS), (AGAIN, OTHERS)], words=False),
        Flow("group new", ("group", "new", "Square"), [(NAME, "2")]),
        Flow("rename", ("rename", "Circle"), [(NAME, "Merel")]),
        Flow("join", ("join", "--wait", "0"),
             [(CODE, code[:half]), (REST, code[half:]), (NAME, "1")], home="heron",
             code=(69, 75)),
        Flow("say", ("say", "Circle", "--now"), [(TEXT, "a good text")]),
        Flow("say --long", ("say", "Circle", "--long"),
             [(NUMBER, "4"), (OLD, "1"), (NEW, "precious words, new"), (NUMBER, "5"),
              (OLD, "0"), (NUMBER, "3"), (LINE, "more"), (LINE, "."), (NUMBER, "0")]),
        Flow("a new group", ("--listen", "127.0.0.1:0"),
             [(NUMBER, "2"), (GROUP, "Square"), (NUMBER, "2"), (NAME, "1"),
              (NUMBER, "0"), (NUMBER, "0")]),
        Flow("a group", ("--listen", "127.0.0.1:0"),
             [(NUMBER, "1"), *again, (NUMBER, "3"), *again, (NUMBER, "9"),
              (NUMBER, "1"), (NAME, "0"), (NUMBER, "1"), (TEXT, ""), (NUMBER, "7"),
              *again, (NUMBER, "0"), (NUMBER, "0")]),
        Flow("pages", ("help",), [(PAGE, "0")]),
    ]


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(WORDS + "\n")
    for lang in "en", "nl":
        run(f"wren-{lang}", "init", "--language", lang, "--light")
        run(f"heron-{lang}", "init", "--language", lang, "--light")
        run(f"wren-{lang}", "group", "new", "Circle", "--as", "Wren")
        t = Asking(f"wren-{lang}", "say", "Circle", "--long", words=True)
        t.open()
        for row in DRAFT.split("\n"):
            t.answer(row.encode())
        t.write(b"\x04")
        check(f"{lang}: a text is begun", t.wait_over())
        t.close()


def play(lang, flow):
    """All that is bad in one flow; last the good answers, which change something."""
    done = set()
    for number, (msgid, _) in enumerate(flow.steps):
        if msgid in ONE_A_RUN:
            bad_alone(lang, flow, number)
        if msgid != NUMBER or number < 2 or msgid not in done:
            endings(lang, flow, number)
        done.add(msgid)
    bad_answers(lang, flow)


def in_language(lang, remote):
    code = run("wren-en", "invite", "Circle").stdout.strip()
    for flow in flows(code):
        flow.steps = [(q, a.replace("{n}", "12"[lang == "nl"])) for q, a in flow.steps]
        beside = remote and flow.home and flow.words and flow.args != ("help",)
        if not beside:
            play(lang, flow)
            continue
        flow.words, flow.dirty, flow.node = False, False, node("now")
        fresh(lang, flow)
        with flow.node:
            play(lang, flow)


def english():
    in_language("en", False)


def dutch():
    if os.environ.get("KRING_LONG") == "1" and not tty.SANITIZED:  # takes its time
        in_language("nl", True)
    else:
        print("note: in Dutch, beside a kring that runs: KRING_LONG=1")


def all_asked():
    there = asked_in_sources()
    known = set(TABLE) | set(OTHER_SCRIPTS)
    check("every question of the sources is in the table", not there - known,
          there - known)
    check("no question is in it that is gone", not set(OTHER_SCRIPTS) - there,
          set(OTHER_SCRIPTS) - there)
    check("the sources were read", {NUMBER, TEXT, CODE, "1-2:"} <= there, there)
    check("every question was come to", not set(TABLE) - seen, set(TABLE) - seen)


main(set_up, english, dutch, all_asked)
