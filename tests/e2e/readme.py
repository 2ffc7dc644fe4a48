# SPDX-License-Identifier: AGPL-3.0-or-later
"""README says what kring does: the five minutes are run as they stand there, and what
it cannot do is what `kring help safety` says."""

import os
import re
import signal
import subprocess

from lib_terminal import ENV, KRING, WORK, check, main

SOURCE = os.environ.get("KRING_SOURCE_DIR") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..")
PLACE = "127.0.0.1:4417"  # in README; here the system chooses the number
BEHIND = []


with open(f"{SOURCE}/README.md", encoding="utf-8") as f:
    PAGE = f.read()


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def shell(command):
    """What the command writes, as a person at one terminal sees it."""
    script = f'kring() {{ "{KRING}" "$@"; }}\n{command.replace(PLACE, "127.0.0.1:0")}'
    got = subprocess.run(["bash", "-c", script], cwd=WORK, env=ENV, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    return got.stdout


def behind(command):
    """A node: its first line."""
    words = command.rstrip("& ").replace(PLACE, "127.0.0.1:0").split()[1:]
    p = subprocess.Popen([KRING, *words], cwd=WORK, env=ENV, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    BEHIND.append(p)
    return re.sub(r":\d+$", ":4417", p.stdout.readline().rstrip("\n")) + "\n"


def tour():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    shell("kring --home wren --passphrase-file words init --language en")
    behind(f"kring --home wren --passphrase-file words node --listen {PLACE}")
    rows = [r[4:] for r in section("Five minutes").split("\n") if r.startswith("    ")]
    steps = re.split(r"(?m)^\$ ", "\n".join(rows) + "\n")[1:]
    check("README has a tour", len(steps) > 8, steps)
    for step in steps:
        command, said = step.split("\n", 1)
        if command.endswith("&"):
            got = behind(command)
        else:
            for _ in range(20):  # what somebody else wrote arrives a moment later
                got = shell(command)
                if got == said or "read" not in command:
                    break
        check(f"README: {command}", got == said, f"{got}--- README:\n{said}")
    for p in BEHIND:
        p.send_signal(signal.SIGTERM)
        p.wait(20)


def limits():
    listed = re.findall(r"(?m)^- (.*)$", section("What it cannot do"))
    said = shell("kring help safety --language en").split("\n")
    lines = [s for s in said if s.endswith(".") and not s.startswith("Example")]
    check("README lists the limits", listed == lines[2:] and len(listed) > 10,
          (listed, lines))
    check("and both warnings", all(f"**{w}**" in PAGE for w in lines[:2]), lines[:2])
    check("and who has not tried it", "No union has tried kring yet." in PAGE)


main(tour, limits)
