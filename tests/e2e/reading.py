# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answering, being named, finding, hiding one person, a quiet group: from the screens
and by commands, in both languages.  Hiding and quiet are nobody else's business: what
the others hold and see stays the same."""

import json
import os
import time

from lib_stories import DUTCH
from lib_terminal import WORK, Terminal, check, choose, main, narrow, node, pick, run


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    for who, language in ("wren", "en"), ("otter", "nl"):
        run(who, "init", "--language", language, "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")


def read(who, *more):
    out = run(who, "read", "Circle", "--json", *more).stdout
    return [json.loads(line) for line in out.split("\n") if line]


def until(what, seconds=20):
    end = time.time() + seconds
    while not what() and time.time() < end:
        time.sleep(0.2)
    return what()


def face_to_face():
    t = Terminal("wren", "--listen", "127.0.0.1:0", words=True)
    choose(t, "1", "Number:")
    with node("otter"):
        line = run("wren", "invite", "Circle", "--open").stdout
        run("otter", "join", "--as", "Otter", "--wait", "20", text=line)
        run("otter", "say", "Circle", text="Shall we meet, @wren? Not @wrens.")
        check("who is named sees it", t.expect("(new, names you)") and
              t.expect("Shall we meet"), t.text)
        t.expect("Number:")
        check("there is a text to answer", pick(t, "Answer a text", "Which text do you",
              "1  Otter: Shall we meet", "Number:"), t.text)
        check("its thread is shown", choose(t, "1", "Otter, about now", "Your text:"),
              t.text)
        choose(t, "Yes, \u00c9cole at noon", "It waits 30", "Number:")
        check("it goes out", t.expect("Sent", 45), t.text)
        check("it comes as an answer", until(lambda: len(read("otter")) == 2) and
              [m["answers"] for m in read("otter")] ==
              [None, read("otter")[0]["number"]], read("otter"))
        shown = run("otter", "read", "Circle").stdout
        have = DUTCH["%lu of %lu devices have it."].replace("%lu", "2")
        check("in Dutch", DUTCH["The next one answers %s"].replace("%s", "Otter") in
              shown and have in shown, shown)
        search(t)
        hidden(t)
        quiet(t)
        threads()
        half(t)
    t.say("0")
    t.say("0")
    check("it closes", t.end() == 0, t.text)
    narrow("reading", t)


def search(t):
    t.expect("Number:")
    check("search finds without marks and case", pick(t, "Search here", "look for?") and
          choose(t, "ECOLE no", "cole at noon", "Number:"), t.text)
    check("what is not there is not found", pick(t, "Search here", "look for?") and
          choose(t, "cole", "Nothing was found.", "Number:"), t.text)
    check("Enter alone goes back", pick(t, "Search here", "look for?") and
          choose(t, "", "Number:"), t.text)
    got = run("otter", "search", "--json", text="shall MEET")
    check("by a command", [json.loads(line)["author"] for line in
          got.stdout.split("\n") if line] == ["Otter"], got.stdout)
    check("only whole beginnings", run("otter", "search", text="hall").returncode == 66)


def hidden(t):
    before = (read("otter"), run("otter", "members", "Circle", "--json").stdout)
    pick(t, "More", "Number:")
    pick(t, "Hide what somebody writes", "1  Otter", "Number:")
    check("one person is hidden", choose(t, "1", "You do not see what Otter",
          "Nobody is told.", "Number:"), t.text)
    run("otter", "say", "Circle", text="a hidden text")
    time.sleep(2)
    check("nothing of theirs comes", "a hidden text" not in t.since() and
          "a hidden text" not in run("wren", "read", "Circle").stdout and
          run("wren", "search", text="hidden").returncode == 66, t.text)
    check("the others see no difference", read("otter")[:2] == before[0] and
          run("otter", "members", "Circle", "--json").stdout == before[1])
    check("the list says so", "You do not see what this person" in
          run("wren", "members", "Circle").stdout.replace("\n", " "))
    pick(t, "More", "Number:")
    pick(t, "Hide what somebody writes", "Otter (hidden: show again)", "Number:")
    check("it is undone the same way", choose(t, "1", "You see what Otter writes",
          "Number:"), t.text)
    check("then it is there", "a hidden text" in run("wren", "read", "Circle").stdout)


def quiet(t):
    pick(t, "More", "Number:")
    check("a group is quiet", pick(t, "Quiet here, on or off", "Circle is quiet",
          "Nobody is told.", "Number:"), t.text)
    check("the first screen says it", choose(t, "0", "1  Circle (quiet)", "Number:"),
          t.text)
    run("otter", "say", "Circle", text="while it is quiet")
    time.sleep(2)
    check("no news come", "New in" not in t.since(), t.since())
    check("the text is there", choose(t, "1", "while it is quiet", "Number:"), t.text)
    check("by a command it ends", "not quiet any more" in
          run("wren", "quiet", "Circle", "--off").stderr)


def threads():
    first = read("otter")[0]["number"]
    run("otter", "say", "Circle", "--answer", str(first), text="and bring soup")
    check("a thread is what answers one text", [m["text"][:4] for m in
          read("otter", "--thread", str(first))] == ["Shal", "Yes,", "and "],
          read("otter"))


def half(t):
    """An answer of several rows is kept, and stays an answer."""
    t.expect("Number:")
    pick(t, "Answer a text", "Which text", "1  ", "Number:")
    choose(t, "1", "Your text:")
    check("several rows are kept", choose(
        t, "Bring two\nor three", "more than one line",
        "You have a text you did not send.", "Number:"), t.text)
    check("it says what it answers", "The next one answers Otter" in
          t.text[t.text.rindex("did not send"):].replace("\n", " "), t.text)
    check("thrown away and taken back it still does", choose(
        t, "3", "Type u to have it back", "Number:") and choose(
        t, "u", "You have your text back", "The next one answers Otter", "Number:"),
        t.text)
    choose(t, "2", "It waits 30", "Number:")
    answers = until(lambda: [m["answers"] for m in read("otter") if
                             m["text"] == "Bring two\nor three"], 50)
    check("it goes out as an answer", answers and answers != [None], read("otter"))


main(set_up, face_to_face)
