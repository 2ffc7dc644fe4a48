# SPDX-License-Identifier: AGPL-3.0-or-later
"""Long texts and texts that were not sent: typing, reading, changing, undoing, sending;
what is kept when kring is left, killed, or ended by a signal; the limit, in words."""

import json
import os
import re
import signal
import time

from lib_prompts import Asking
from lib_terminal import WORK, check, joined, main, narrow, node, run

MAX = 65536


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    run("wren", "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")
    run("wren", "group", "new", "Square", "--as", "Wren")


def begin(*args, home="wren", words=True):
    t = Asking(home, *args, words=words)
    t.said = ""
    t.question = t.open()
    return t


def give(t, *answers):
    """Answer one after the other; the question that stands open then."""
    for answer in answers:
        t.question = t.answer(answer if isinstance(answer, bytes) else answer.encode())
    return t.question


def end(t, keys=b""):
    t.write(keys)
    good = t.wait_over() and t.is_plain()
    t.close()
    return good


def drafts():
    out = run("wren", "drafts", "--json").stdout
    rows = [json.loads(line) for line in out.split("\n") if line]
    return {r["group"]: r for r in rows}


def begins(group):
    return drafts().get(group, {}).get("begins")


def clear(group):
    """Throw away what is kept for a group."""
    number = "1" if group == "Circle" else "2"
    t = begin("--listen", "127.0.0.1:0")
    give(t, number, "3", "0")
    end(t, b"0\n")
    check(f"nothing is kept for {group}", group not in drafts(), drafts())


def typing():
    check("nothing is kept at first", "no text that you did not send" in
          run("wren", "drafts").stdout and drafts() == {})
    t = begin("say", "Circle", "--long")
    check("the clock, what to do, the first line", t.question == "Line 1:" and
          "[talk, gone in 7 days]" in t.text and "dot" in t.text, t.text)
    check("an empty line stays in the text", give(t, "one", "", "three") == "Line 4:")
    check("two empty lines end it", give(t, "", "") == "Number:" and
          "Your text: 3 lines" in t.text, t.text)
    check("reading shows numbers", give(t, "2") == "Number:" and
          re.search(r"^1: one\n2: \(empty\)\n3: three$", t.said, re.M), t.said)
    check("one goes on below", give(t, "3") == "Line 4:")
    check("a dot ends it too", give(t, "four", ".") == "Number:" and
          "4 lines" in t.said, t.said)
    check("a line is shown and changed", give(t, "4", "2") == "New line:" and
          "It is now" in t.said, t.said)
    give(t, "two")
    check("u undoes that", give(t, "u", "2") == "Number:" and "2: (empty)" in t.said)
    check("and u again", give(t, "u", "2") == "Number:" and "2: two" in t.said)
    check("Enter alone changes nothing", give(t, "4", "1", "") == "Number:" and
          "Nothing was changed." in t.said, t.said)
    check("a line is taken out", give(t, "5", "4") == "Number:" and
          "four" in t.said and "3 lines" in t.said, t.said)
    check("? explains", give(t, "?") == "Number:" and "Nobody gets this" in t.said)
    check("0 keeps it, and says so", end(t, b"0\n") and "Your text is kept" in t.text)
    check("it is listed with its group", begins("Circle") == "one\ntwo\nthree" and
          "Circle:" in run("wren", "drafts").stdout, drafts())
    narrow("the editor", t)
    t = begin("say", "Circle", "--long")
    check("it goes on where it was", t.question == "Number:" and
          "You have a text you did not send." in t.text and "3 lines" in t.text, t.text)
    t.write(b"1\n")
    check("sending waits", t.expect("Type u to"), t.text)
    t.write(b"u\n")
    check("taken back it is not lost", t.expect("Taken back.") and
          t.expect("did not send now") and end(t) and
          begins("Circle") == "one\ntwo\nthree", t.text)
    t = begin("say", "Circle", "--long", "--now")
    check("--now sends it at once", end(t, b"1\n") and "30 seconds" not in t.text and
          "one\n  two\n  three" in run("wren", "read", "Circle").stdout and
          drafts() == {}, t.text)


def pasting():
    t = begin("say", "Circle", "--long")
    rows = [f"row {i}" for i in range(300)]
    rows[40:42] = ["", ""]
    rows[100] = "."
    check("many lines are pasted, empty ones and dots among them",
          give(t, "\n".join(rows)) == "Line 301:" and
          give(t, ".") == "Number:" and "300 lines" in t.said, t.text[-600:])
    check("reading comes in pages", give(t, "2") == "Enter goes on. 0 stops." and
          give(t, "0") == "Number:", t.text[-600:])
    check("rows that are pasted below it are no answers",
          give(t, "1\n0\nmore") == "Line 304:" and "into your text" in t.said, t.said)
    check("the terminal's own limit is said", give(t, b"z" * 9000) == "Line 305:" and
          "Its end is missing." in joined(t.said), t.said)
    give(t, ".", "0")
    check("all of it is kept", drafts()["Circle"]["bytes"] ==
          len("\n".join(rows + ["1", "0", "more", "z" * 4095])), drafts())
    end(t)
    clear("Circle")


def half_pasted():
    """Two rows, no Enter behind the second: it is no answer to the next question."""
    t = begin("--listen", "127.0.0.1:0")
    give(t, "1", "1")
    t.write(b"yes I come\nl")
    shown = t.expect("That was more than one line.") and \
        t.expect("You have a text you did not send.")
    check("the rest of a paste is part of the text", shown and
          begins("Circle") == "yes I come\nl", (begins("Circle"), t.text[-600:]))
    check("and does nothing", "Locked" not in t.text, t.text[-600:])
    t.expect("Number:")
    give(t, "3", "0", "0")
    check("half a paste: it closes", end(t), t.text[-400:])
    check("half a paste: thrown away", begins("Circle") is None)


def limits():
    t = begin("say", "Circle", "--long")
    row = "w" * 1999
    give(t, "\n".join([row] * 30))
    said = []
    for size in 1500, 1500, 1000, 700, 500:
        give(t, "v" * (size - 1))
        said.append(joined(t.said))
    check("how much is left is said in words, each once",
          "About two pages are left." in said[0] and "left" not in said[1] and
          "About one page is left." in said[2] and "left" not in said[3] and
          "A few lines are left." in said[4], said)
    check("a line that does not fit is cut and that is said", give(t, "u" * 900) ==
          "Number:" and "The text is full." in t.said, t.said)
    check("rows that come then are counted", give(t, "3") .startswith("Line") and
          give(t, "t\nt\nt") == "Number:" and "2 lines did not fit." in t.said, t.said)
    check("nothing before is lost", end(t, b"0\n") and
          drafts()["Circle"]["bytes"] == MAX, drafts())
    t = begin("say", "Circle", "--long", "--now")
    check("so long a text can be sent", end(t, b"1\n") and drafts() == {} and
          "u" * 20 in run("wren", "read", "Circle").stdout, t.text[-400:])


def ends():
    """Left at a half line in every way; what was typed is there."""
    ways = {"control-C": b"\x03", "control-D": b"\x04\x04", "SIGTERM": signal.SIGTERM,
            "SIGINT": signal.SIGINT}
    for name, way in ways.items():
        t = begin("say", "Square", "--long")
        give(t, "first", "second")
        t.write(b"half")
        t.expect("half", 5)
        if isinstance(way, bytes):
            t.write(way)
        else:
            os.kill(t.pid, way)
        check(f"{name} keeps the half line", end(t) and
              begins("Square") == "first\nsecond\nhalf", drafts())
        clear("Square")
    t = begin("say", "Square", "--long")
    give(t, "first", "second")
    os.kill(t.pid, signal.SIGKILL)
    check("kill -9 keeps every line", t.wait_over() and
          begins("Square") == "first\nsecond", drafts())
    t.close()
    t = begin("--listen", "127.0.0.1:0")
    give(t, "2", "0", "1")
    t.write(b"half a text")
    t.expect("half a text", 5)
    os.kill(t.pid, signal.SIGTERM)
    check("so does a text of one row", end(t) and
          begins("Square") == "first\nsecond\nhalf a text", drafts())
    with node("wren"):
        t = begin("say", "Square", "--long", words=False)
        give(t, "3", "beside a node")
        check("the node's end ends it", run("wren", "lock").returncode == 0 and end(t))
    check("what was typed there is kept",
          begins("Square") == "first\nsecond\nhalf a text\nbeside a node", drafts())


def at_home():
    t = begin("--listen", "127.0.0.1:0")
    check("the group opens with what was not sent", give(t, "2") == "Number:" and
          "You have a text you did not send." in t.said and "  first" in t.said and
          "3  Throw it away" in t.said, t.said)
    check("it is thrown away", give(t, "3") == "Number:" and
          "u  Have my text back" in t.said and "Square" not in drafts(), t.said)
    check("and had back", give(t, "u") == "Number:" and "You have your text back" in
          t.said and begins("Square").startswith("first\nsecond"), t.said)
    give(t, "3", "0", "2")
    check("until the group is left", give(t, "u") == "Number:" and
          "Nothing waits here." in t.said and "Square" not in drafts(), t.said)
    check("rows pasted at Write are one text that is not sent",
          give(t, "1", "line 1\n2\n0") == "Number:" and "more than one line" in t.said
          and begins("Square") == "line 1\n2\n0", t.said)
    check("that can be sent", give(t, "2") == "Number:" and "It waits" in t.said and
          "Square" not in drafts(), t.said)
    check("taken back it is unsent again", give(t, "u") == "Number:" and
          begins("Square") == "line 1\n2\n0", t.said)
    check("it is read and changed", give(t, "1") == "Number:" and
          give(t, "5", "2", "6") == "Number:" and begins("Square") == "line 1\n0",
          t.said)
    check("keys that move are left out", give(t, "1", b"le\x1b[D\x1b[Dft") ==
          "Number:" and "left out" in t.said, t.said)
    give(t, "0", "0")
    check("kring closes", end(t, b"0\n"), t.text[-300:])
    check("all is kept", begins("Square") == "line 1\n0\nleft", drafts())
    narrow("at home", t)
    done = run("wren", "say", "Square", "--long", text="no terminal\n")
    check("--long needs a terminal", done.returncode != 0 and
          "--long needs a terminal." in done.stderr, done.stderr)
    waits(t)


def waits(_):
    """No question ever ends by itself."""
    t = begin("say", "Square", "--long")
    question = give(t, "3")
    time.sleep(5)
    check("a form has no end by time", not t.over() and t.open() == question, t.text)
    end(t, b"\x03")


main(set_up, typing, pasting, half_pasted, limits, ends, at_home)
