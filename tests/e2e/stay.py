# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long texts stay, changed by a keeper and told to all; one text that stays for
another time; and the language of a text, said to who reads another one.  From the
screens, in both languages, and by commands."""

import json
import os
import time

from lib_stories import DUTCH
from lib_terminal import WORK, Terminal, check, choose, main, narrow, pick, run


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    for who, language in ("wren", "en"), ("otter", "nl"):
        run(who, "init", "--language", language, "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")


def read(who):
    out = run(who, "read", "Circle", "--json").stdout
    return [json.loads(line) for line in out.split("\n") if line]


def days(who, text):
    return [m["days"] for m in read(who) if m["text"] == text]


def until(what, seconds=20):
    end = time.time() + seconds
    while not what() and time.time() < end:
        time.sleep(0.2)
    return what()


def more(t, label, *expected):
    return pick(t, DUTCH["More"] if t.nl else "More", "2  ", ":") and \
        pick(t, DUTCH[label] if t.nl else label, *expected)


def both():
    t = Terminal("wren", "--listen", "127.0.0.1:0", words=True)
    t.nl = False
    choose(t, "1", "Number:")
    line = run("wren", "invite", "Circle", "--open").stdout
    o = Terminal("otter", "--listen", "127.0.0.1:0", words=True)
    o.nl = True
    o.expect("Nummer:")
    run("otter", "join", "--as", "Otter", "--wait", "20", text=line)
    o.expect("Circle")
    choose(o, "", "1  Circle", "Nummer:")
    choose(o, "1", "Nummer:")
    return t, o


def changed(t, o):
    """A keeper changes it; who is there sees it, and who comes later."""
    check("the question", more(t, "How long new texts stay", "stay here?", "3  30 days",
                               "Number:"), t.text)
    check("it is changed", choose(t, "3", "New texts here:", "gone in 30 days",
                                  "Everybody here sees", "Number:"), t.text)
    check("who is there sees who did it and what it was",
          o.expect("Wren veranderde hoe lang", 20) and o.expect("weg na 7 dagen") and
          o.expect("weg na 30 dagen") and o.expect("Nummer:"), o.text)
    check("once", "Wren veranderde" not in
          " ".join(run("otter", "read", "Circle").stdout.split()))
    o.say("0")
    o.expect("Nummer:")
    o.say("0")
    o.end()
    check("by a command", "gone in 1 day" in " ".join(
          run("wren", "stay", "Circle", "--talk", "1").stderr.split()))
    got = json.loads(run("wren", "groups", "--json").stdout)
    check("the list says so", (got["clock"], got["days"]) == ("talk", 1), got)


def later(t):
    """Otter was away, and comes back: to a keeper's change, and without a way to it."""
    o = Terminal("otter", "--listen", "127.0.0.1:0", words=True)
    o.nl = True
    o.expect("Nummer:")
    until(lambda: json.loads(run("otter", "groups", "--json").stdout)["days"] == 1)
    seen = choose(o, "1", "Wren veranderde", "na 30 dagen", "na 1 dag", "Nummer:")
    check("who comes later sees it", seen, o.text)
    check("only a keeper may", more(o, "How long new texts stay", "beheerder",
                                    "Nummer:"), o.text)
    got = run("otter", "stay", "Circle", "--kept")
    check("also by a command", got.returncode == 77, got.stderr)
    return o


def one_text(t, o):
    check("one text that is kept", more(t, "Write, and choose how long it stays",
          "How long does this text stay?", "Number:") and
          choose(t, "4", "This text only: [kept]", "Your text:") and
          choose(t, "The rules.", "It waits 30", "Number:") and t.expect("Sent", 45),
          t.text)
    check("it says so, and its language", o.expect("[English] The rules.", 20) and
          o.expect("Dit bericht wordt bewaard.") and o.expect("Nummer:"), o.text)
    check("and to programs", until(lambda: days("otter", "The rules.")) == [None])
    run("wren", "say", "Circle", "--talk", "30", text="for a month")
    check("by a command", until(lambda: days("otter", "for a month")) == [30] and
          o.expect("over 30 dagen weg"), o.text)


def as_it_was_seen(t, o):
    """What was said under one time does not stay for another one."""
    check("Otter begins", pick(o, "Schrijven", "weg na 1 dag", "Je bericht:"), o.text)
    run("wren", "stay", "Circle", "--kept")
    until(lambda: json.loads(run("otter", "groups", "--json").stdout)["days"] is None)
    choose(o, "voor een dag", "wacht 30 seconden", "Nummer:")
    check("a text goes as its head said", until(lambda: days("wren", "voor een dag"),
          50) == [1], read("wren"))


def language(t, o):
    choose(o, "0", "Nummer:")
    check("the choice of a language", pick(o, "Taal en grote letters", "Nummer:") and
          pick(o, "Taal van wat je schrijft", "Nu: Nederlands", "Nummer:") and
          pick(o, "Română", "Nummer:"), o.text)
    run("otter", "say", "Circle", text="Vin la sase.")
    check("who reads another one sees it", t.expect("[Română] Vin la sase."), t.text)
    run("otter", "set", "texts", "none")
    run("otter", "say", "Circle", text="Samen eten.")
    check("or nothing is said", t.expect("Samen eten.", 20) and
          "] Samen" not in t.text, t.text)
    check("no other language", run("otter", "set", "texts", "NL").returncode == 64)
    check("to programs", until(lambda: [m["language"] for m in read("wren")][-2:] ==
                               ["ro", None]), read("wren"))


def face_to_face():
    t, o = both()
    changed(t, o)
    o = later(t)
    one_text(t, o)
    as_it_was_seen(t, o)
    language(t, o)
    for x in t, o:
        x.say("0")
        x.say("0")
        check("it closes", x.end() == 0, x.text)
    narrow("stay", t)
    narrow("stay, nl", o)


main(set_up, face_to_face)
