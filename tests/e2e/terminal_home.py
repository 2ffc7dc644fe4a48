# SPDX-License-Identifier: AGPL-3.0-or-later
"""kring alone at a real terminal: the clock on every screen, slips of the finger, texts
that wait, news while somebody types, invitations pasted in rows."""

import os
import time

from lib_terminal import (WORK, Terminal, check, choose, joined, main, narrow, node,
                          open_home, pick, run)

CLOCK = "[talk, gone in 7 days]"


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    run("wren", "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")
    run("wren", "say", "Circle", text="at once")


def home():
    t = Terminal("wren", "--listen", "127.0.0.1:0", words=True)
    check("home warns", t.expect("Call 112 first.") or "112" in joined(t.text), t.text)
    check("home shows groups and what to do", t.expect("1  Circle") and
          t.expect("2  Start a group") and t.expect("0  Close") and t.expect("Number:"),
          t.text)
    check("? explains", choose(t, "?", "Type a number, then press Enter.", "Number:"),
          t.text)
    check("a wrong number is said", choose(t, "99", "Type one of the numbers.",
          "Number:"), t.text)
    check("the group opens", choose(t, "1", CLOCK, "at once", "1  Write", "Number:"),
          t.text)
    check("the clock stands above a text", choose(t, "1", CLOCK, "Your text:"), t.text)
    check("a text waits", choose(t, "from the screen", "It waits 30 seconds.",
          "u  Take my text back", "Number:"), t.text)
    choose(t, "1", "Your text:")
    choose(t, "a second one", "It waits", "Number:")
    check("u takes the newest back and names the older", choose(t, "u", "Taken back.",
          "1 older text", "u  Take my text back", "Number:"), t.text)
    check("u takes the older one back too", choose(t, "u", "Taken back.", "1  Write",
          "Number:"), t.text)
    check("then nothing waits", choose(t, "u", "Nothing waits here.", "Number:") and
          "from the screen" not in run("wren", "read", "Circle").stdout, t.text)
    check("who is here, with the clock",
          choose(t, "4", CLOCK, "you, keeper", "Number:"), t.text)
    check("read everything, with the clock", choose(t, "2", CLOCK, "at once",
          "Number:"), t.text)
    check("a wrong key is asked again", choose(t, "3", CLOCK, "others in too?",
          "Number:") and choose(t, "7", "Type one of the numbers.", "Number:"), t.text)
    check("0 goes back", choose(t, "0", "1  Write", "Number:"), t.text)
    news(t)
    choose(t, "0", "Number:")
    check("0 closes", choose(t, "0", "kring is closed.") and t.end() == 0, t.text)
    check("nothing waits, nothing is said", "text waits" not in t.text[t.at - 200:],
          t.text)
    narrow("home", t)


def news(t):
    """Somebody joins and writes while the group is open on the screen."""
    run("heron", "init", "--language", "en", "--light")
    line = run("wren", "invite", "Circle", "--open").stdout
    check("a command reaches the open kring", line.startswith("kring"), line)
    with node("heron"):
        got = run("heron", "join", "--as", "Heron", "--wait", "20", text=line)
        check("heron is let in", got.returncode == 0, got.stderr)
        check("the screen says who joined", t.expect("Heron joined. Let in by"), t.text)
        run("heron", "say", "Circle", text="hello\x1b[31m from heron")
        check("a new text appears by itself", t.expect("from heron"), t.text)
        check("hidden signs are out", "\x1b[31m" not in t.text and
              t.expect("Hidden signs"), t.text)
        t.expect("Number:")
        choose(t, "1", "Your text:")
        os.write(t.fd, b"half a te")
        run("heron", "say", "Circle", text="while you type")
        run("heron", "say", "Circle", text="and once more")
        time.sleep(3)
        check("news leave a half-typed text alone", t.since().strip() == "half a te",
              t.since())
        check("they come when it is done", choose(t, "xt", "It waits",
              "News while you typed: 2", "while you type", "and once more", "Number:"),
              t.text)
        check("the text was kept whole", "half a text" in
              run("wren", "read", "Circle").stdout)
        choose(t, "u", "Taken back.", "Number:")


def waiting():
    """What is true of a text that waits when kring closes, and of one from before."""
    t = open_home("wren")
    choose(t, "1", "1  Write", "Number:")
    choose(t, "1", "Your text:")
    choose(t, "for later", "It waits", "Number:")
    for name, keys in ("0", b"0\n"), ("control-C", b"\x03"), ("control-D", b"\x04"):
        choose(t, "0", "0  Close", "Number:")
        os.write(t.fd, keys)
        check(f"closing by {name} says what waits", t.expect("\n1 text waits.") and
              t.expect("open\nagain.") and t.expect("kring is closed.\n") and
              t.end() == 0, t.text)
        t = open_home("wren")
        choose(t, "1", "1  Write", "Number:")
        check("it is sent now", "for later" in run("wren", "read", "Circle").stdout)
        choose(t, "1", "Your text:")
        choose(t, "for later", "It waits", "Number:")
    choose(t, "u", "Taken back.", "Number:")
    os.write(t.fd, b"0\n0\n")
    t.end()
    with node("wren"):
        t = Terminal("wren")
        choose(t, "1", "1  Write", "Number:")
        choose(t, "1", "Your text:")
        choose(t, "of the first run", "It waits", "Number:")
        os.write(t.fd, b"0\n0\n")
        check("a kring that goes on sends it", t.expect("kring sends it soon.") and
              t.expect("Another kring") and t.end() == 0, t.text)
        t = Terminal("wren")
        check("the next run names it", t.expect("u  Take my text back") and
              t.expect("Number:"), t.text)
        check("and takes it back", choose(t, "u", "Taken back.", "It was for: Circle",
              "Number:"), t.text)
        check("it is nowhere", "of the first run" not in
              run("wren", "read", "Circle").stdout)
        choose(t, "0", "Another kring")
        t.end()


def forms():
    """A slip does not throw a form away; 0 or an empty row goes back."""
    t = open_home("wren")
    choose(t, "2", "Name of the group:")
    check("a bad name of a group is asked again", choose(t, "g" * 41, "too long",
          "Name of the group:"), t.text)
    choose(t, "Square", "4  Keep everything", "Number:")
    check("a wrong lifetime is asked again", choose(t, "7", "Type one of the numbers.",
          "Number:"), t.text)
    choose(t, "2", "A number, or a name:")
    check("the form was kept", choose(t, "3", f"Square {CLOCK}", "Number:"), t.text)
    pick(t, "More", CLOCK, "Number:")
    pick(t, "Change my name here", CLOCK, "A number, or a name:")
    check("a question can be left", choose(t, "0", "Nothing was changed.", "1  Write",
          "Number:"), t.text)
    choose(t, "0", "Number:")
    choose(t, "3", "Name of the group:")
    check("an empty row goes back",
          choose(t, "", "3  Start a group", "Number:"), t.text)
    os.write(t.fd, b"0\n")
    t.end()


def invitations():
    """An invitation in rows, among other rows; the group until its name comes."""
    got = run("wren", "invite", "Circle")
    check("invite without an open kring says so", "closed now" in got.stderr and
          "Type: kring\nKeep kring open, until" in got.stderr, got.stderr)
    run("robin", "init", "--language", "en", "--light")
    t = open_home("robin")
    choose(t, "2", "Your invitation:")
    check("what is no invitation is asked again", choose(t, "hello", "not a kring code",
          "Paste it again.", "Your invitation:"), t.text)
    check("a piece asks for the rest", choose(t, got.stdout[:50], "The rest") and
          choose(t, "", "cut off", "Your invitation:"), t.text)
    rows = "".join(f"> {got.stdout.strip()[i:i + 38]} \r\n\n"
                   for i in range(0, len(got.stdout), 38))
    os.write(t.fd, (rows + "Greetings\n1\n0\n").encode())
    check("rows make one invitation", t.expect("Who are you in this group?") and
          t.expect("A number, or a name:"), t.text)
    check("rows below it answer nothing", t.since().strip() == "", t.text)
    check("a group without a name is called so", choose(t, "1", "It goes on by itself.",
          "1  Waiting to be let in", "Number:") and "New group" not in t.text, t.text)
    check("nobody knows its clock yet",
          choose(t, "1", "Waiting for the name", "[talk or", "Number:"), t.text)
    check("a wrong key leaves the screen", choose(t, "9", "Type one of the numbers.",
          "1  Stop waiting", "Number:"), t.text)
    choose(t, "1", "You wait no longer.", "Number:")
    with node("wren"):
        choose(t, "2", "Your invitation:")
        line = run("wren", "invite", "Circle", "--open").stdout
        choose(t, line, "A number, or a name:")
        choose(t, "Robin", "It goes on by itself.")
        check("its name comes by itself", t.expect("You are in") and
              (t.expect("called: Circle", 5) or "You are in: Circle" in t.text), t.text)
        t.expect("Number:", 1)
        choose(t, "", "1  Circle", "Number:")
    t.say("0")
    check("that went well", t.expect("kring is closed.") and t.end() == 0, t.text)
    narrow("invitations", t)


main(set_up, home, waiting, forms, invitations)
