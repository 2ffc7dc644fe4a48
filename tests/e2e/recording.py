# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is written stays on the screen and in the store: every file that kring opens or
renames while texts are written, sent, thrown away and left, and every byte the terminal
gets, are recorded.  No text is in a name, an argument, the environment, a title or any
file; nothing of it is on the terminal after kring was locked."""

import os
import re
import shutil
import subprocess
import sys
import time

import lib_terminal as tty
from lib_prompts import Asking
from lib_terminal import WORK, check, main, run

if not shutil.which("strace"):
    print("strace is missing")
    sys.exit(77)
if tty.SANITIZED:
    print("a sanitizer opens files of its own")
    sys.exit(77)

CALLS = "open,openat,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat," \
    "mknod,mknodat,mkdir,mkdirat,truncate,memfd_create,execve,prctl"
# Each stands in a text of its own, so that what leaks is named.
NEEDLES = {
    "a short text": "zanzibarkanarie", "a long text": "purpurreigerlied",
    "a text thrown away": "zilverpleviernest", "a half text": "kwartelkoningpad",
    "a half line": "waterhoenbruggetje", "a text locked away": "roerdomprietkraag",
}
CLEARED = re.compile(rb"\x1b\[3J|\x1b\[2J|\x1bc")
places = []
environments = []
seen = set()


def forms(word):
    return [word.encode(), word.encode("utf-16-le"), word[::-1].encode(),
            word.upper().encode()]


def has(data, word):
    return any(form in data for form in forms(word))


def traced():
    """A program that is kring under strace; one log for each run."""
    os.mkdir(f"{WORK}/trace")
    path = f"{WORK}/traced"
    with open(path, "w") as f:
        f.write(f"#!/bin/sh\nexec strace -D -f -qq -s 65536 -e trace={CALLS} "
                f"-o {WORK}/trace/$$ {tty.KRING} \"$@\"\n")
    os.chmod(path, 0o700)
    return path


def listing():
    """All files that a text could have been left in."""
    found = set()
    for top in ("/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~")):
        for folder, _, names in os.walk(top):
            if not folder.startswith((f"{WORK}/trace", "/tmp/bash_jobs")):
                found |= {os.path.join(folder, n) for n in names}
    return found


def look(t):
    """What others see of the process while a text is on its screen."""
    for name in "cmdline", "environ", "comm":
        try:
            environments.append(open(f"/proc/{t.pid}/{name}", "rb").read())
        except OSError:
            pass


def start(*args):
    return Asking("wren", *args, words=True, env={"TERM": "xterm"})


def type_in(t, needle, *answers):
    """Answer one after the other; the needle must come onto the screen."""
    for answer in answers:
        t.answer(answer.encode())
    look(t)
    check(f"{needle} is on the screen", NEEDLES[needle] in t.text, t.text[-800:])
    seen.add(needle)


def half(t, needle, answer):
    """Half a row, then control-C."""
    t.answer(answer)
    t.write(NEEDLES[needle].encode())
    t.expect(NEEDLES[needle], 5)
    type_in(t, needle)
    leave(t, b"\x03")


def leave(t, keys=b"\x04"):
    t.write(keys)
    check("it ends", t.wait_over(), t.text[-800:])
    check("no title is set, no other screen is used",
          b"\x1b]" not in t.raw and b"\x1b[?1049" not in t.raw and
          b"\x1bk" not in t.raw and b"\x1bP" not in t.raw, t.raw[-800:])
    places.append(t.raw)
    t.close()


def record():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    run("wren", "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")
    run("wren", "group", "new", "Square", "--as", "Wren")
    before = listing()
    real, tty.KRING = tty.KRING, traced()

    t = start("say", "Circle", "--now")
    t.open()
    type_in(t, "a short text", NEEDLES["a short text"])
    check("it is kept to be sent", t.wait_over() and "Kept here." in t.text, t.text)
    leave(t, b"")

    t = start("say", "Circle", "--long", "--now")
    t.open()
    type_in(t, "a long text", "first", NEEDLES["a long text"], "last", ".", "2", "4",
            "1", "the first", "5", "3", "u")
    t.answer(b"1")
    check("it is sent", t.wait_over() and "Sent." in t.text, t.text)
    leave(t, b"")

    t = start("--listen", "127.0.0.1:0")
    t.open()
    type_in(t, "a text thrown away", "1", "7", NEEDLES["a text thrown away"], ".", "0",
            "7", "3")
    half(t, "a half text", b"1")
    t = start("say", "Square", "--long")
    t.open()
    half(t, "a half line", b"a line")
    lock(real)
    tty.KRING = real
    time.sleep(0.5)  # the tracers write their last lines
    after_all(before)


def lock(real):
    t = start("--listen", "127.0.0.1:0")
    t.open()
    type_in(t, "a text locked away", "2", "0", "7", "1", "3",
            NEEDLES["a text locked away"])
    t.write(b"and more of it")
    t.read(0.3)
    at = len(t.raw)
    done = subprocess.run([real, "--home", f"{WORK}/wren", "lock"], env=tty.ENV,
                          capture_output=True, timeout=20)
    check("lock ends what is being written", done.returncode == 0 and t.wait_over(),
          done.stderr)
    rest = t.raw[at:]
    cleared = CLEARED.search(rest)
    check("the screen is cleared", cleared, rest)
    check("nothing of the text comes after that", cleared and not any(
        has(rest[cleared.end():], w) for w in NEEDLES.values()), rest)
    leave(t, b"")


def after_all(before):
    held = run("wren", "drafts").stdout
    check("what was left half written is kept", all(
        NEEDLES[n] in held for n in ("a half text", "a half line", "a text locked away")
    ) and "and more of it" in held, held)
    check("what was thrown away is not", NEEDLES["a text thrown away"] not in held,
          held)
    check("the screens were recorded", seen == set(NEEDLES) and
          len(places) == 5, seen)
    logs = [open(f"{WORK}/trace/{n}", "rb").read() for n in
            sorted(os.listdir(f"{WORK}/trace"))]
    opened = b"".join(logs)
    check("the process was looked at", len(environments) >= 15 and
          any(b"--passphrase-file" in e for e in environments), len(environments))
    check("the calls were recorded", len(logs) >= 5 and
          opened.count(f"{WORK}/wren/data".encode()) >= 5, len(logs))
    written = {p for line in opened.split(b"\n")
               if re.search(rb"O_(WRONLY|RDWR|CREAT)|creat\(|rename|link|mk|trunc",
                            line)
               and b" = -1 " not in line for p in re.findall(rb'"([^"]*)"', line)}
    allowed = re.compile(rb"/dev/(null|tty)|/proc/self/.*|" +
                         f"{WORK}/wren/(data|data-wal|control|slots.*)".encode())
    check("nothing but the store is written", not [
        p for p in written if not allowed.fullmatch(p)], written)
    other = [line for line in opened.split(b"\n") if b"execve(" in line and
             os.path.basename(tty.KRING).encode() not in line]
    check("no other program is started", not other, other)
    new = {p for p in listing() - before if not p.startswith(f"{WORK}/trace")}
    check("no new file is left", not [p for p in new if not re.fullmatch(
        re.escape(WORK) + "/(traced|wren/(data|data-wal|slots))", p) and
        p.startswith(WORK)], new)
    for name, word in NEEDLES.items():
        check(f"{name} is in no call", not has(opened, word))
        check(f"{name} is in no argument, name or environment",
              environments and not any(has(e, word) for e in environments))
        check(f"{name} is in no file", not [p for p in new | {
            f"{WORK}/wren/data", f"{WORK}/wren/slots"} if os.path.isfile(p) and
            has(open(p, "rb").read(), word)])
    with open(f"{WORK}/positive", "w") as f:
        f.write("x" + NEEDLES["a short text"])
    check("the search finds what is there",
          has(open(f"{WORK}/positive", "rb").read(), NEEDLES["a short text"]))


main(record)
