# SPDX-License-Identifier: AGPL-3.0-or-later
"""Letting somebody in, face to face: two terminals, one sentence, yes and no; by line,
file and picture; in English and Dutch; what was closed in between goes on."""

import os
import re
import shutil
import stat
import subprocess

from lib_prompts import BAD
from lib_terminal import (ENV, KRING, WORK, Terminal, check, choose, main, narrow, node,
                          number, open_home, pick, run)

SENTENCE = re.compile(r"In (?:words|woorden):\n\s+(\w+ \w+ \w+ \w+)\n"
                      r"In (?:numbers|cijfers):\n\s+(\d+ \d+ \d+ \d+)\n")


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    run("otter", "init", "--language", "en", "--light")
    run("otter", "group", "new", "Circle", "--as", "Otter")


def newcomer(name, language="en"):
    run(name, "init", "--language", language, "--light")


def sentence(t):
    t.read(0.5)
    found = SENTENCE.findall(t.text.replace("\r", ""))
    return found[-1] if found else None


def line_from(t):
    """An invitation as a line, from the screen of the group."""
    choose(t, "3", "others in too?", "Number:")
    choose(t, "1", "How do you give", "4  As a picture", "Number:")
    t.say(number(t, "As a line to copy"))
    t.expect("Keep kring open")
    t.expect("\nkring")
    t.expect("Number:")
    return re.findall(r"\nkring[0-9a-z]{60,}", t.text)[-1].strip()


def face_to_face():
    otter = open_home("otter")
    choose(otter, "1", "Let somebody in", "Number:")
    line = line_from(otter)
    newcomer("wren")
    wren = open_home("wren")
    choose(wren, "2", "Your invitation:")
    wren.say(line)
    wren.expect("A number, or a name:")
    wren.say("Wren")
    check("the newcomer hears who must say yes", wren.expect("Otter must say yes.") and
          wren.expect("You can close kring."), wren.text)
    check("the keeper hears at once", otter.expect("Wren wants to come in.") and
          otter.expect("Number:"), otter.text)
    choose(otter, "", "Who wants to come in (1)", "Number:")
    check("the keeper sees the sentence", pick(otter, "Who wants to come in",
          "Wren wants to come in.", "this sentence:", "Same? y/n"), otter.text)
    choose(wren, "", "Number:")
    check("so does the newcomer", choose(wren, "1", "Otter must say yes.",
          "this sentence:", "Same? y/n"), wren.text)
    check("it is the same sentence", sentence(otter) is not None and
          sentence(otter) == sentence(wren), f"{sentence(otter)} {sentence(wren)}")
    check("nobody is added before the yes", run("otter", "members", "Circle",
          "--json").stdout.count("\n") == 1, otter.text)
    for name, bad in BAD.items():
        if len(bad) < 1000:
            os.write(otter.fd, bad + b"\n")
            check(f"{name} is asked again", otter.expect("Type y, n") and
                  otter.expect("Same? y/n"), otter.text[-400:])
    choose(wren, "y", "Good.", "You said that it is the same.", "Number:")
    check("yes lets in", choose(otter, "y", "You let Wren in."), otter.text)
    check("everybody sees it", otter.expect("Wren joined. Let in by Otter.") and
          otter.expect("Reads from today."), otter.text)
    check("the newcomer is in", wren.expect("You are in"), wren.text)
    got = run("otter", "members", "Circle").stdout
    check("the list says by whom and from when", "let in by Otter" in got and
          "reads from today" in got and "not compared" not in got, got)
    newcomer("heron")
    got = run("heron", "join", "--as", "Heron", "--wait", "20", text=line)
    check("a used code is finished", "This code is finished. Ask for a new one." in
          got.stderr and got.returncode == 65, got.stderr)
    for t in (wren, otter):
        t.say("0")
        t.say("0")
        check("it closes", t.end() == 0, t.text)
        narrow("face to face", t)


def no_adds_nobody():
    with node("otter"):
        got = run("otter", "invite", "Circle")
        heron = Terminal("heron", "join", "--as", "Heron", words=True)
        heron.expect("Your invitation:")
        heron.say(got.stdout.strip())
        check("join asks too", heron.expect("Otter must say yes.") and
              heron.expect("Same? y/n"), heron.text)
        shown = run("otter", "door", "Circle")
        check("door shows who waits", "Heron wants to come in." in shown.stdout and
              sentence(heron) == SENTENCE.findall(shown.stdout)[0], shown.stdout)
        check("a wrong name is said", "Nobody waits here with this name." in
              run("otter", "door", "yes", "Circle", "Robin").stderr, shown.stdout)
        done = run("otter", "door", "no", "Circle", "Heron")
        check("no says so", "Stopped. Nobody was added." in done.stderr, done.stderr)
        check("the newcomer hears it", heron.expect("Stopped. Nobody was added.") and
              heron.end() == 75, heron.text)
        check("and is not in", "Heron" not in run("otter", "members", "Circle").stdout,
              "Heron is in")
        again = run("heron", "join", "--as", "Heron", "--wait", "20",
                    text=got.stdout)
        check("the code is finished then", "This code is finished." in again.stderr,
              again.stderr)
        check("nobody waits", "Nobody waits" in run("otter", "door", "Circle").stdout,
              "somebody waits")


def newcomer_says_no():
    with node("otter"):
        got = run("otter", "invite", "Circle")
        heron = Terminal("heron", "join", "--as", "Heron", words=True)
        heron.expect("Your invitation:")
        heron.say(got.stdout.strip())
        heron.expect("Same? y/n")
        check("the newcomer's no stops it", choose(heron, "n",
              "Stopped. Nobody was added.") and heron.end() == 75, heron.text)
        check("nobody waits then", "Nobody waits" in
              run("otter", "door", "Circle").stdout, "somebody waits")


def by_file():
    """A file on a stick, Dutch on the other side, everything closed in between."""
    path = f"{WORK}/notes.txt"
    got = run("otter", "invite", "Circle", "--to", path)
    check("a file is written", got.returncode == 0 and got.stdout == "", got.stderr)
    check("only its owner reads it", stat.S_IMODE(os.stat(path).st_mode) == 0o600, path)
    before = open(path, encoding="utf-8").read()
    got = run("otter", "invite", "Circle", "--to", path)
    check("nothing is overwritten", "is there already" in got.stderr and
          open(path, encoding="utf-8").read() == before, got.stderr)
    got = run("otter", "invite", "Circle", "--to", f"{WORK}/none/notes.txt")
    check("a place that is not there is said", "Choose another place" in got.stderr,
          got.stderr)
    check("no invitation was lost on that", before.startswith("kring"), before)
    newcomer("reiger", "nl")
    with node("otter"):
        # This node's address is not in the file, which was made while none ran.
        os.unlink(path)
        run("otter", "invite", "Circle", "--to", path)
        got = run("reiger", "join", "--as", "Reiger", "--from", path, "--wait", "5")
        check("who waits is told so in Dutch", "Otter moet ja zeggen" in got.stderr and
              got.returncode == 75, got.stderr)
        check("the file is deleted", not os.path.exists(path) and
              "is gewist" in got.stderr, got.stderr)
        there = SENTENCE.findall(got.stderr)
        here = run("otter", "door", "Circle").stdout
        check("one language on both sides", there and there == SENTENCE.findall(here),
              got.stderr + here)
        check("let in without comparing", "not compared yet" in
              run("otter", "door", "yes", "Circle", "Reiger", "--unseen").stderr, here)
        with node("reiger"):
            reiger_in = False
            for _ in range(60):
                shown = run("reiger", "groups").stdout
                if "Circle" in shown:
                    reiger_in = True
                    break
                subprocess.run(["sleep", "0.5"], check=True)
            check("it goes on later", reiger_in, shown)
        got = run("otter", "members", "Circle").stdout
        check("not compared is shown as such", "not compared yet" in got, got)


def narrow_code():
    t = Terminal("otter", words=True)
    t.expect("Number:")
    choose(t, "1", "Number:")
    choose(t, "3", "Number:")
    choose(t, "1", "How do you give", "Number:")
    check("a window of 40 columns is too narrow, and that is said",
          choose(t, "1", "Make the window wider:", "Or make a picture", "Number:"),
          t.text)
    t.say("0")
    t.say("0")
    t.say("0")
    t.end()
    narrow("code", t)
    plain = dict(ENV, LANG="C")
    got = subprocess.run([KRING, "--home", f"{WORK}/otter", "--passphrase-file",
                          f"{WORK}/words", "invite", "Circle", "--code"], text=True,
                         env=plain, stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=60)
    check("no terminal, no code", "cannot show a code" in got.stderr and
          got.returncode == 64, got.stderr)


def picture():
    if not shutil.which("zbarimg"):
        print("zbarimg is missing: the codes are not read back")
        return
    path = f"{WORK}/picture.png"
    got = run("otter", "invite", "Circle", "--open", "--png", path)
    check("a picture is written", got.returncode == 0 and
          stat.S_IMODE(os.stat(path).st_mode) == 0o600, got.stderr)
    read = scan(path)
    check("the picture reads back as an invitation",
          re.fullmatch(r"KRING[0-9A-Z]{100,}", read), read)
    newcomer("robin")
    got = run("robin", "join", "--as", "Robin", "--wait", "1", text=read)
    check("and it is a good one", "Nobody let you in yet" in got.stderr, got.stderr)
    for extra, inverted in ((), False), (("--inverted",), True):
        check(f"the screen reads back {extra}", scan_screen(extra, inverted),
              "not read")


def scan(path):
    return subprocess.run(["zbarimg", "--quiet", "--raw", path], text=True,
                          capture_output=True, timeout=60).stdout.strip()


def scan_screen(extra, inverted):
    """The rows of half blocks as a picture, as a camera sees them."""
    import fcntl
    import pty
    import struct
    import termios
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 80, 0, 0))
        os.execve(KRING, ["kring", "--home", f"{WORK}/otter", "--passphrase-file",
                          f"{WORK}/words", "invite", "Circle", "--code", *extra], ENV)
    raw = b""
    while True:
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        if not got:
            break
        raw += got
    os.waitpid(pid, 0)
    rows = [r for r in raw.decode().replace("\r", "").split("\n")
            if len(r) > 30 and set(r) <= set(" \u2580\u2584\u2588")]
    if not rows:
        return False
    pixels = []
    for row in rows:
        for half in "\u2580\u2588", "\u2584\u2588":
            drawn = [c in half for c in row]
            pixels.append([d != inverted for d in drawn])
    scale, edge = 6, 2
    width = (len(pixels[0]) + 2 * edge) * scale
    path = f"{WORK}/screen.pgm"
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (width, (len(pixels) + 2 * edge) * scale))
        blank = b"\xff" * width
        f.write(blank * edge * scale)
        for line in pixels:
            data = b"".join((b"\xff" if p else b"\0") * scale for p in line)
            pad = b"\xff" * edge * scale
            f.write((pad + data + pad) * scale)
        f.write(blank * edge * scale)
    return re.fullmatch(r"KRING[0-9A-Z]{100,}", scan(path)) is not None


main(set_up, face_to_face, no_adds_nobody, newcomer_says_no, by_file, narrow_code,
     picture)
