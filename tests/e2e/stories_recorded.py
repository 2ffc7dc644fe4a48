# SPDX-License-Identifier: AGPL-3.0-or-later
"""The stories 1, 2, 3, 9 and 10 in Dutch (18), with every file that is opened, made,
renamed or deleted and every byte that the terminals get: what is said and who says it
stands on the screens and in the store, nowhere else; and after a lock, or the word that
erases, nothing more is on the terminal."""

import os
import re
import shutil
import sys
import time

import lib_terminal as tty
from lib_plays import alone, lock, panic, session, two
from lib_stories import Play, close, reopen
from lib_terminal import INSIDE, WORK, check, main

if not shutil.which("strace"):
    print("strace is missing")
    sys.exit(77)
if tty.SANITIZED:
    print("a sanitizer opens files of its own")
    sys.exit(77)

CALLS = "open,openat,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat," \
    "unlink,unlinkat,mknod,mknodat,mkdir,mkdirat,truncate,memfd_create,execve,prctl"
MAKES = re.compile(rb"O_(?:WRONLY|RDWR|CREAT)|\b(?:creat|rename|renameat2?|link|linkat|"
                   rb"symlink|symlinkat|unlink|unlinkat|mknod|mknodat|mkdir|mkdirat|"
                   rb"truncate|memfd_create)\(")
TITLE = re.compile(rb"\x1b\]|\x1bk|\x1bP|\x1b\[\?1049")
SAID = ("Neem een beker mee.", "Ik neem soep mee", "Kringetje")
OWN = r"(?:(?:making/)?(?:data|data-wal|slots|slots-new)|making|mark|mark-new|control)"


def record(home):
    INSIDE[home] = ("strace", "-D", "-ff", "-qq", "-s", "65536", "-e",
                    f"trace={CALLS}", "-o", f"{WORK}/trace/{home}")


def calls(home):
    """[line] of all processes of this person."""
    out = []
    for name in sorted(os.listdir(f"{WORK}/trace")):
        if name.startswith(f"{home}."):
            out += open(f"{WORK}/trace/{name}", "rb").read().split(b"\n")
    return out


def forms(word):
    return [word.encode(), word.encode("utf-16-le"), word.upper().encode()]


def has(data, words=SAID):
    return [w for w in words if any(form in data for form in forms(w))]


def everywhere(before):
    """What is new on the disk after all, beside the recording."""
    found = set()
    for top in ("/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~")):
        for folder, _, names in os.walk(top):
            if not folder.startswith((f"{WORK}/trace", "/tmp/bash_jobs")):
                found |= {os.path.join(folder, n) for n in names}
    return found - before


def play(p):
    """As the stories go; the terminals are recorded."""
    alone(p)
    two(p)
    reopen(p, "otter")
    p.answer("1", "Number:")
    close(p)
    lock(p)
    session(p)
    panic(p)


def judge(home, allowed):
    lines = calls(home)
    made = {path for line in lines if MAKES.search(line) and b" = -1 " not in line
            for path in re.findall(rb'"([^"]*)"', line)}
    check(f"{home}: calls were recorded", len(lines) > 20, len(lines))
    stray = [m for m in made if not re.fullmatch(allowed, m)]
    check(f"{home}: nothing but the store is written", not stray, stray)
    acts = [line for line in lines if b"execve(" not in line]
    check(f"{home}: nothing that was said is in a call", not has(b"\n".join(acts)) and
          not has(b"\n".join(lines), SAID[:2]))  # a command may name its group
    started = [line for line in lines if b"execve(" in line and b" = -1 " not in line
               and b"kring" not in line]
    check(f"{home}: no other program is started", not started, started[:3])


def stories():
    os.mkdir(f"{WORK}/trace")
    before = everywhere(set())
    p = Play("nl", columns=40)
    p.circle = SAID[2]
    homes = [f"{who}-{p.place}" for who in ("otter", "wren")]
    for home in homes + [None]:
        record(home)
    play(p)
    time.sleep(0.5)  # the tracers write their last lines
    check("every screen came", not p.missed, p.missed)
    terminal = b"/dev/(?:null|tty|pts/[0-9]+)|/proc/self/.*"
    for home in homes:
        place = re.escape(f"{WORK}/{home}").encode()
        judge(home, terminal + b"|" + place + b"(?:/" + OWN.encode() + b")?|" +
              OWN.encode())
    judge("None", terminal)
    new = {n for n in everywhere(before) if n.startswith(WORK)}
    stray = [n for n in new if has(open(n, "rb").read())]
    check("nothing that was said is in any file", not stray, stray)
    terminals(p)


def terminals(p):
    """No title, no other screen; what was said is there, until it is locked."""
    raw = "\n".join(p.raw).encode()
    check("what was said was on the screens", has(raw) == list(SAID), has(raw))
    check("no title is set, no other screen is used", not TITLE.search(raw))
    locked = p.tr("Locked. Nothing arrives until you open it.")
    after = [re.split(r"\s+".join(map(re.escape, locked.split())), t) for t in p.raw]
    check("it was locked, twice", sum(len(a) > 1 for a in after) == 2, len(after))
    check("nothing comes after it", not [a for a in after
                                         if len(a) > 1 and a[-1].strip()], after)
    check("and nothing that was said after it was erased",
          not has(p.t.text.rsplit("sluice gate", 1)[-1].encode()), p.t.text)


main(stories)
