# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody is at the door: locking by one key, by hang-up and by itself, and erasing
everything by a word, with kring open, open elsewhere, and locked."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import termios
import time

import lib_terminal as tty
from lib_terminal import WORK, Terminal, check, choose, joined, main, node, pick, run

XTERM = {"TERM": "xterm"}
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
LOCKED = "Locked. Nothing arrives until you open it."
HALF = "the heron is hé"
LONG = "--long" in sys.argv or os.environ.get("KRING_LONG") == "1"


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    run("wren", "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")
    run("wren", "say", "Circle", text="a text on the screen")


def open_home(who="wren", env=XTERM):
    t = Terminal(who, "--listen", "127.0.0.1:0", words=True, env=env)
    t.expect("Number:")
    return t


def is_closed(who="wren"):
    """Nobody has the keys: a command that has no passphrase finds no kring."""
    done = subprocess.run([tty.KRING, "--home", f"{WORK}/{who}", "status"],
                          stdin=subprocess.DEVNULL, env=tty.ENV, capture_output=True,
                          text=True)
    return done.returncode == 64


def left_empty(t, last=LOCKED):
    """After the last clearing nothing stands but the sentence."""
    return joined(t.text[t.text.rindex(CLEAR) + len(CLEAR):]) == last


def lock_key():
    for name, keys in (("first screen", ()), ("group", ("1",)),
                       ("form", ("1", "3")), ("read", ("1", "2"))):
        t = open_home()
        for key in keys:
            choose(t, key, "Number:")
        began = time.time()
        t.say("l")
        code = t.end()
        took = time.time() - began
        check(f"l locks ({name})", code == 0 and left_empty(t), t.text[-200:])
        check(f"in a moment ({name}: {took:.3f} s with reading the terminal)",
              took < 0.6)
        check(f"nobody has the keys ({name})", is_closed())
    t = open_home()
    choose(t, "1", "Number:")
    choose(t, "1", "Your text:")
    check("l is a text where a text is asked for", choose(t, "l", "It waits",
          "Number:"), t.text)
    choose(t, "u", "Taken back", "Number:")
    check("the screen says that l locks", "l  Lock" in t.text)
    check("L locks too", choose(t, "L", "Locked.") and t.end() == 0, t.text)


def lock_elsewhere():
    """The keys are in a node; the screen is in another process."""
    with node("wren") as n:
        t = Terminal("wren", words=True, env=XTERM)
        t.expect("Number:")
        t.say("l")
        check("l ends the node too", t.end() == 0 and left_empty(t) and
              n.process.wait(5) == 0 and is_closed(), t.text[-200:])


def hang_up():
    t = open_home()
    choose(t, "1", "a text on the screen", "Number:")
    os.kill(t.pid, signal.SIGHUP)
    check("hang-up ends home and clears", t.end() == 0 and
          left_empty(t, "kring is closed.") and is_closed(), t.text[-200:])
    t = open_home()
    choose(t, "1", "a text on the screen", "Number:")
    os.close(t.fd)  # the window is closed
    gone = False
    for _ in range(50):
        gone = gone or os.waitpid(t.pid, os.WNOHANG)[0] != 0
        time.sleep(0 if gone else 0.1)
    check("a closed window ends home", gone and is_closed())
    with node("wren"):
        t = Terminal("wren", words=True, env=XTERM)
        t.expect("Number:")
        choose(t, "1", "a text on the screen", "Number:")
        time.sleep(0.3)
        os.kill(t.pid, signal.SIGHUP)
        check("hang-up clears where the keys are elsewhere", t.end() == 0 and
              left_empty(t, "kring is closed."), t.text[-200:])
        t = Terminal("wren", "read", "Circle", "--follow", words=True, env=XTERM)
        t.expect("a text on the screen")
        time.sleep(0.5)
        os.kill(t.pid, signal.SIGHUP)
        check("hang-up clears who follows", t.end() == 0 and left_empty(t, ""),
              t.text[-200:])


def half_texts():
    """What is half typed when it ends from outside is offered again."""
    t = open_home()
    choose(t, "1", "Number:")
    choose(t, "1", "Your text:")
    os.write(t.fd, HALF.encode()[:-1])  # half a letter at its end
    time.sleep(0.5)
    os.kill(t.pid, signal.SIGHUP)
    check("hang-up in a text", t.end() == 0 and left_empty(t, "kring is closed."))
    t = open_home()
    check("the half text is offered", choose(t, "1",
          "You have a text you did not send.", "the heron is h", "Number:"), t.text)
    check("it can be gone on with", choose(t, "1", "Your text: 1 line", "Number:"),
          t.text)
    pick(t, "Change a line", "the heron is h", "New line:")
    os.write(t.fd, "the heron is hé x\x7f\x7f\x7f".encode())
    os.write(t.fd, b"ere now\x17today")
    choose(t, "", "Number:")
    pick(t, "Send", "It waits", "Number:")
    check("letters and words are taken back, it is one text", "the heron is here today"
          in run("wren", "read", "Circle").stdout, t.text)
    check("it is offered no more", "You have a text" not in t.text[t.at:], t.text)
    check("the terminal is as it was", t.echoes() and
          termios.tcgetattr(t.fd)[3] & termios.ICANON, t.text)
    choose(t, "u", "Taken back", "Number:")
    choose(t, "1", "Your text:")
    os.write(t.fd, b"gone soon")
    time.sleep(0.3)
    os.kill(t.pid, signal.SIGTERM)
    t.end()
    t = open_home()
    choose(t, "1", "You have a text", "gone soon", "Number:")
    check("it can be thrown away", pick(t, "Throw it away", "Thrown away.", "Number:"),
          t.text)
    check("and had back", choose(t, "u", "You have your text back.", "gone soon",
          "Number:"), t.text)
    pick(t, "Throw it away", "Thrown away.", "Number:")
    os.write(t.fd, b"0\n0\n")
    check("and home closes", t.end() == 0, t.text)


def minutes():
    got = run("wren", "lock", "--after", "0")
    check("no minutes at all are refused", got.returncode == 64 and
          "1 to 60" in got.stderr, got.stderr)
    got = run("wren", "lock", "--after", "61")
    check("more than 60 are refused", got.returncode == 64, got.stderr)
    got = run("wren", "lock", "--after", "2", "--json")
    check("minutes are kept", '"lock_minutes":2' in got.stdout, got.stdout)
    t = open_home()
    check("the menu says when", pick(t, "When kring locks", "after 2 minutes",
          "lid does not", "Number:"), t.text)
    choose(t, "1", "1 to 60.", "Number:")
    check("a wrong number is asked again", choose(t, "99", "number from 1 to 60.",
          "Number:"), t.text)
    check("and changes it", choose(t, "1", "after 1 minute without", "Number:"), t.text)
    os.write(t.fd, b"0\n")
    t.end()


def idle():
    """One minute; the warning comes after half of it."""
    if not LONG:
        print("note: locking by itself takes a minute: KRING_LONG=1")
        return
    began = time.time()
    t = open_home()
    choose(t, "1", "Number:")
    choose(t, "1", "Your text:")
    os.write(t.fd, b"half a te")
    check("a warning comes", t.expect("kring locks in", 40) and
          t.expect("Your text: half a te", 5), t.text)
    os.write(t.fd, b"xt")
    time.sleep(40)
    check("a key keeps it open", "Locked." not in t.since() and
          time.time() - began > 60, t.text)
    check("then it locks by itself", t.end(60) == 0 and left_empty(t) and is_closed(),
          t.text[-300:])
    t = open_home()
    check("the text was kept", choose(t, "1", "half a text", "Number:"), t.text)
    choose(t, "l", "Locked.")
    t.end()


def locks_while_nobody_is_there():
    if not LONG:
        return
    with node("wren") as n:
        t = Terminal("wren", words=True, env=XTERM)
        t.expect("Number:")
        check("idle ends the node too", t.end(75) == 0 and left_empty(t) and
              n.process.wait(5) == 0 and is_closed(), t.text[-300:])


# ---- erasing ---------------------------------------------------------------------


def copy_of(who, name):
    shutil.rmtree(f"{WORK}/{name}", ignore_errors=True)
    shutil.copytree(f"{WORK}/{who}", f"{WORK}/{name}", ignore=lambda d, names: [
        n for n in names if n == "control"])


def enable(who, word="Sluice  Gate"):
    t = Terminal(who, "panic", "--enable", words=True)
    t.expect("Your word:")
    choose(t, word, "The same word again:")
    t.say(word)
    return t


def enabling():
    before = sorted(os.listdir(f"{WORK}/wren"))
    got = run("wren", "panic", text="sluice gate\n")
    check("it is off at first", got.returncode == 66 and
          "Nothing was erased." in got.stderr, got.stderr)
    check("nothing was touched", sorted(os.listdir(f"{WORK}/wren")) == before)
    t = Terminal("wren", "panic", "--enable", words=True)
    t.expect("Your word:")
    choose(t, "sluice", "The same word again:")
    t.say("slice")
    check("two words that differ", t.end() == 64 and "They differ." in t.text, t.text)
    t = Terminal("wren", "panic", "--enable", words=True)
    t.expect("Your word:")
    t.say("ab")
    check("a word too short", t.end() == 64 and "too short" in t.text, t.text)
    t = Terminal("wren", "panic", "--enable", words=True)
    t.expect("Your word:")
    t.say("")
    t.end()
    check("Enter goes back", "Nothing was changed." in t.text and
          not os.path.exists(f"{WORK}/wren/mark"), t.text)
    t = enable("wren")
    check("it is on, and says what it cannot do", t.end() == 0 and
          "copies of kring that you made" in joined(t.text), t.text)
    mark = open(f"{WORK}/wren/mark", "rb").read()
    check("the mark says nothing", len(mark) == 32 and b"luice" not in mark)
    check("the mark is the owner's", os.stat(f"{WORK}/wren/mark").st_mode & 0o777 ==
          0o600)
    got = run("wren", "panic", text="some other word\n")
    check("a wrong word erases nothing", got.returncode == 77 and
          "not the word" in got.stderr and run("wren", "groups").returncode == 0,
          got.stderr)
    got = run("wren", "panic", "--disable")
    check("it can be turned off", got.returncode == 0 and
          not os.path.exists(f"{WORK}/wren/mark"), got.stderr)
    enable("wren").end()
    got = run("wren", "help", "panic")
    check("help says what it cannot do", "kring panic" in got.stdout and
          "against the law" in got.stdout, got.stdout)


def opens_nothing(who, spare):
    """The folder is gone; and what of it was held open is noise: a copy that kept the
    database and got the slots as they are now opens with no words."""
    check(f"{who}: nothing is left", not os.path.exists(f"{WORK}/{who}"))
    with open(f"{WORK}/{spare}/slots", "wb") as f:
        f.write(os.pread(held[0], 800, 0))
    got = run(spare, "groups")
    check(f"{who}: the right words open nothing", got.returncode == 77, got.stderr)


held = [0]


def hold_slots(who):
    held[0] = os.open(f"{WORK}/{who}/slots", os.O_RDONLY)


def erase_while_locked():
    copy_of("wren", "robin")
    copy_of("wren", "spare")
    for name in ("data-damaged-1", "data-damaged-1-wal", "data-new", "data-making",
                 "data-copy", "slots-new"):
        open(f"{WORK}/robin/{name}", "wb").write(b"x" * 5000)
    os.makedirs(f"{WORK}/robin/making")
    open(f"{WORK}/robin/making/slots", "wb").write(b"x" * 800)
    os.makedirs(f"{WORK}/robin.restoring")
    open(f"{WORK}/robin.restoring/slots", "wb").write(b"x" * 800)
    hold_slots("robin")
    t = Terminal("robin", "panic", env=XTERM)
    check("it says what it does, in both languages", t.expect("erases everything here.")
          and t.expect("Dit wist hier alles") and t.expect("Your word / "), t.text)
    choose(t, "sluice", "not the word")
    t.expect("Your word")
    began = time.time()
    t.say("sluice gate")
    code = t.end()
    check("the word erases while kring is locked", code == 0 and
          "Destroyed. What is left is noise." in joined(t.text), t.text)
    check(f"in less than a second ({time.time() - began:.3f})",
          time.time() - began < 1)
    check("what a restoring left is gone too",
          not os.path.exists(f"{WORK}/robin.restoring"))
    opens_nothing("robin", "spare")


def erase_with_node():
    copy_of("wren", "heron")
    copy_of("wren", "spare")
    hold_slots("heron")
    with node("heron") as n:
        began = time.time()
        got = run("heron", "panic", "--json", text="sluice gate\n")
        took = time.time() - began
        check("a running node is ended", n.process.wait(5) is not None)
    check(f"in less than a second ({took:.3f})", took < 1 and got.returncode == 0,
          got.stderr)
    check("programs are told", '"destroyed":true' in got.stdout, got.stdout)
    opens_nothing("heron", "spare")


def erase_with_stopped_node():
    copy_of("wren", "stork")
    with node("stork") as n:
        os.kill(n.process.pid, signal.SIGSTOP)
        began = time.time()
        got = run("stork", "panic", text="sluice gate\n")
        check(f"so is one that does not answer ({time.time() - began:.3f})",
              time.time() - began < 1 and got.returncode == 0 and
              n.process.wait(5) is not None, got.stderr)
    check("nothing is left", not os.path.exists(f"{WORK}/stork"))


def erase_from_menu():
    copy_of("wren", "finch")
    copy_of("wren", "spare")
    open(f"{WORK}/finch/mine.txt", "w").write("not kring's")
    hold_slots("finch")
    t = open_home("finch")
    choose(t, "panic", "This erases everything here.", "Your word:")
    check("a wrong word leaves the menu", choose(t, "no", "not the word") and
          choose(t, "no", "not the word") and choose(t, "no", "not the word",
          "Number:"), t.text)
    choose(t, "1", "a text on the screen", "Number:")
    choose(t, "panic", "This erases everything here.", "Your word:")
    t.say("SLUICE GATE")
    check("the word erases from the menu", t.end() == 0 and left_empty(
        t, "Destroyed. What is left is noise. Some files could not be removed. They "
        "open nothing."), t.text[-300:])
    check("what is not kring's stays", os.listdir(f"{WORK}/finch") == ["mine.txt"])
    shutil.rmtree(f"{WORK}/finch")
    opens_nothing("finch", "spare")


main(set_up, lock_key, lock_elsewhere, hang_up, half_texts, minutes, idle,
     locks_while_nobody_is_there, enabling, erase_while_locked, erase_with_node,
     erase_with_stopped_node, erase_from_menu)
