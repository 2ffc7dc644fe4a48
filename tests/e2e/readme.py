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


def script(command):
    command = command.rstrip("& ").replace(PLACE, "127.0.0.1:0")
    return ["bash", "-c", f'kring() {{ "{KRING}" "$@"; }}\n{command}']


def shell(command):
    """What the command writes, as a person at one terminal sees it."""
    got = subprocess.run(script(command), cwd=WORK, env=ENV, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    return got.stdout


def behind(command, last):
    """A command that goes on: what it writes up to the line `last` matches."""
    p = subprocess.Popen(script(f"exec {command}") if " < " not in command else
                         script(command), cwd=WORK, env=ENV, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    BEHIND.append(p)
    got = ""
    for line in p.stdout:
        got += re.sub(r":\d+$", ":4417", line)
        if re.search(last, line):
            break
    return got


def drawn(text):
    """What differs each time stands aside: the sentence, and the hour of a joining."""
    text = re.sub(r"(In (?:words|numbers):\n) .*", r"\1  ...", text)
    return re.sub(r'"reads_from":"[^"]+"', '"reads_from":"..."', text)


def tour():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    shell("kring --home wren --passphrase-file words init --language en")
    behind(f'"{KRING}" --home wren --passphrase-file words node --listen {PLACE}',
           "Open at")
    rows = [r[4:] for r in section("Five minutes").split("\n") if r.startswith("    ")]
    steps = re.split(r"(?m)^\$ ", "\n".join(rows) + "\n")[1:]
    check("README has a tour", len(steps) > 8, steps)
    for step in steps:
        command, said = step.split("\n", 1)
        if command.endswith("&"):
            got = behind(command.replace("kring", f'"{KRING}"', 1) if "node" in command
                         else command, "Open at|^  [0-9 ]+$")
        elif "door yes" in command:
            got = shell(command) + BEHIND.pop().communicate(timeout=60)[0]
        else:
            for _ in range(20):  # what somebody else wrote arrives a moment later
                got = shell(command)
                if drawn(got) == drawn(said) or "read" not in command:
                    break
        check(f"README: {command}", drawn(got) == drawn(said),
              f"{got}--- README:\n{said}")
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
