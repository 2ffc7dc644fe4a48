# SPDX-License-Identifier: AGPL-3.0-or-later
"""What days bring: a kept text that somebody lacks is said by name after a whole day,
talk that ended unread is counted, and at what hour somebody came by is seen nowhere.
The wall clock of kring is put ahead, a day at a time."""

import json
import os
import time

from lib_terminal import INSIDE, KRING, WORK, check, joined, main, node, run

BUILD = os.path.dirname(KRING)
AHEAD = f"{BUILD}/tests/preload/ahead.so"
LACKS = "Lacks it, since a day or more: Otter"


def at(hours, *who):
    """From now on it is so many hours later where they are."""
    for home in who:
        INSIDE[home] = ("env", f"LD_PRELOAD={AHEAD}", f"AHEAD_HOURS={hours}")
        run(home, "groups")


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    for who, language in ("wren", "en"), ("otter", "nl"):
        run(who, "init", "--language", language, "--light")
    run("wren", "group", "new", "Rules", "--as", "Wren", "--kept")
    run("wren", "group", "new", "Talk", "--as", "Wren", "--talk", "1")
    with node("wren"):
        for group in "Rules", "Talk":
            line = run("wren", "invite", group, "--open").stdout
            got = run("otter", "join", "--as", "Otter", "--wait", "20", text=line)
            check(f"Otter is in {group}", got.returncode == 0, got.stderr)
        with node("otter"):
            run("wren", "say", "Talk", text="come at six")
            for _ in range(50):
                rows = run("otter", "groups", "--json").stdout.split("\n")
                unread = [json.loads(r)["unread"] for r in rows if r]
                if sum(unread) == 1:
                    break
                time.sleep(0.2)
            check("a text came that nobody reads", sum(unread) == 1, unread)


def shown():
    return joined(run("wren", "read", "Rules").stdout)


def lacking():
    run("wren", "say", "Rules", text="Bring a cup.")
    check("by number at once", "1 of 2 devices have it." in shown(), shown())
    check("not by name", "Lacks it" not in shown(), shown())
    for hours in 23, 46:
        at(hours, "wren")
    at(69, "wren")
    check("by name after a whole day", LACKS in shown(), shown())
    check("not to programs that read", "Lacks" not in
          run("wren", "read", "Rules", "--json").stdout)


def ended():
    for hours in 23, 46:
        at(hours, "otter")
    got = joined(run("otter", "groups").stdout)
    check("nothing is new any more", "nieuw: 1" not in got, got)
    got = joined(run("otter", "read", "Talk").stdout)
    check("what ended unread is counted", "1 bericht verliep terwijl je weg was." in got
          and "come at six" not in got, got)
    check("once", "verliep" not in run("otter", "read", "Talk").stdout)


main(set_up, lacking, ended)
