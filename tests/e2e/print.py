# SPDX-License-Identifier: AGPL-3.0-or-later
"""Paper: one A4 page in large type, its dates, its job title, what it does not say; to
a new file or through a pipe to the printer, never through a file of ours."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time

from lib_terminal import (ENV, WORK, Terminal, check, choose, joined, main, narrow,
                          pick, run)

if not shutil.which("pdftotext"):
    print("pdftotext is missing (package poppler-utils)")
    sys.exit(77)
PRINTER = f"{WORK}/printer"
TEXTS = ("Zażółć gęślą jaźń", "Ștefan și Țară vin la ora opt",
         "Şişli ığdır İstanbul", "السلام عليكم", "the newest of all")
LP = """#!/bin/sh
printf '%s\\n' "$@" > {0}/argv
env > {0}/env
ls -l /proc/self/fd > {0}/fds
cat > {0}/job
exit $(cat {0}/code)
"""


def day(ahead):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86400))


def pdf(tool, path, *args):
    return subprocess.run([tool, *args, path, "-"] if tool != "pdfinfo" else
                          [tool, path], capture_output=True, text=True,
                          check=False).stdout


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    os.mkdir(PRINTER)
    run("wren", "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")
    run("wren", "group", "new", "Kept", "--as", "Wren", "--kept")
    run("wren", "group", "new", "Short", "--as", "Wren", "--talk", "1")
    for group in ("Kept", "Short"):
        run("wren", "say", group, "--now", text="a text of " + group)
    for text in TEXTS:
        run("wren", "say", "Circle", "--now", text=text)


def to_file():
    path = f"{WORK}/page.pdf"
    got = run("wren", "print", "Circle", "--to", path, "--json")
    row = json.loads(got.stdout)
    check("the file is made", got.returncode == 0 and os.path.exists(path), got.stderr)
    check("only its owner may read it", stat.S_IMODE(os.stat(path).st_mode) == 0o600)
    check("the sentence about copies is said", "The printer may keep a copy." in
          got.stderr and f"Destroy it after: {day(7)}" in got.stderr, got.stderr)
    check("programs read the same", row["texts"] == 5 and row["left_out"] == 0 and
          row["letters_missing"] == 0 and row["destroy_after"] == day(7), row)
    text = pdf("pdftotext", path, "-layout")
    check("the date, and when to destroy it", f"Printed: {day(0)}" in text and
          f"Destroy after: {day(7)}" in text, text)
    for wanted in TEXTS[:3] + TEXTS[4:]:
        check(f"it says: {wanted}", wanted in text and "Wren, about" in text, text)
    check("Arabic is there, joined", re.search("عليكم", text), text)
    check("in the order they were written", text.index(TEXTS[0]) < text.index(TEXTS[4]))
    small = [float(b) - float(a) for a, b in re.findall(
        r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">\S', pdf("pdftotext", path,
                                                               "-bbox"))]
    raw = open(path, "rb").read()
    sizes = {int(n) for n in re.findall(rb"/F (\d+) Tf", raw)}
    check("no type is smaller than 16 points", small and min(small) >= 16 and
          sizes == {16, 24}, (small, sizes))
    info = pdf("pdfinfo", path)
    check("one page of A4", re.search(r"Pages:\s+1\n", info) and "(A4)" in info, info)
    check("no author, title, program or time", not re.search(
        "Title|Author|Creator|Producer|Date|Keywords", info) and not re.search(
        rb"kring|DejaVu|/Info|/ID|Date|Producer|" + WORK.encode(), raw), info)
    ink = subprocess.run(["pdftoppm", "-gray", "-r", "30", path], capture_output=True,
                         check=False).stdout
    dark = sum(b < 128 for b in ink[ink.index(b"255\n") + 4:])
    check("there is ink on it, and white", 200 < dark < 20000, dark)
    again = run("wren", "print", "Circle", "--to", path)
    check("it never goes over another file", again.returncode == 65 and
          "there already" in again.stderr and open(path, "rb").read() == raw,
          again.stderr)
    os.symlink(f"{WORK}/elsewhere", f"{WORK}/link.pdf")
    got = run("wren", "print", "Circle", "--to", f"{WORK}/link.pdf")
    check("nor through a link", got.returncode != 0 and
          not os.path.exists(f"{WORK}/elsewhere"), got.stderr)
    got = run("wren", "print", "Circle", "--to", f"{WORK}/none/page.pdf")
    check("a folder that is not there is said", got.returncode == 66 and
          "folder is not there" in joined(got.stderr), got.stderr)
    check("what is unread stays unread", "waits" not in got.stderr)


def dates():
    for group, ahead in (("Kept", 7), ("Short", 1)):
        path = f"{WORK}/{group}.pdf"
        got = run("wren", "print", group, "--to", path)
        check(f"{group}: destroyed after {ahead} days", f"Destroy after: {day(ahead)}"
              in pdf("pdftotext", path, "-layout"), got.stderr)
    run("wren", "group", "new", "Empty", "--as", "Wren")
    got = run("wren", "print", "Empty", "--to", f"{WORK}/none.pdf")
    check("nothing to print is said", got.returncode == 65 and "no text to print" in
          got.stderr and not os.path.exists(f"{WORK}/none.pdf"), got.stderr)


def what_does_not_fit():
    run("wren", "group", "new", "Long", "--as", "Wren")
    for i in range(60):
        run("wren", "say", "Long", "--now", text=f"text number {i}")
    got = run("wren", "print", "Long", "--to", f"{WORK}/long.pdf")
    text = pdf("pdftotext", f"{WORK}/long.pdf", "-layout")
    shown = [int(n) for n in re.findall(r"text number (\d+)", text)]
    check("the newest fit, without a gap", shown and shown ==
          list(range(60 - len(shown), 60)) and len(shown) < 40, shown)
    check("what is left out is counted", f"{60 - len(shown)} older texts are not on" in
          joined(got.stderr), got.stderr)
    run("wren", "say", "Long", "--now", text="a \U0001f984 b " + "word " * 2000)
    got = run("wren", "print", "Long", "--to", f"{WORK}/cut.pdf")
    text = pdf("pdftotext", f"{WORK}/cut.pdf", "-layout")
    check("a text longer than the page is cut, and both say so", got.returncode == 0 and
          "Its end is cut." in joined(got.stderr) and
          "This text is longer than the page." in text, got.stderr + text)
    check("a letter without a shape is said", "1 letter has no shape." in got.stderr,
          got.stderr)
    check("it is one page still", "Pages:           1\n" in
          pdf("pdfinfo", f"{WORK}/cut.pdf"))


def without_printer():
    empty = {"PATH": f"{WORK}/nowhere"}
    t = Terminal("wren", "print", "Circle", words=True, env=empty)
    check("no printer: what to do is said", t.expect("no printer here") and
          t.end() == 66 and "--to FILE" in joined(t.text), t.text)
    t = Terminal("wren", "--listen", "127.0.0.1:0", words=True, env=empty)
    t.expect("Number:")
    choose(t, "1", "Print this", "Number:")
    check("in the menu a file is offered", pick(t, "Print this", "A file can go",
          "new file:"),
          t.text)
    check("Enter goes back", choose(t, "", "1  Write", "Number:"), t.text)
    pick(t, "Print this", "new file:")
    check("it is written", choose(t, f"{WORK}/menu.pdf", "may keep a copy.", "not",
          "Number:") and os.path.exists(f"{WORK}/menu.pdf"), t.text)
    os.write(t.fd, b"0\n0\n")
    t.end()
    t.text = t.text.replace(f"{WORK}/menu.pdf", "")  # as it was typed
    narrow("menu", t)


def job(code="0"):
    with open(f"{PRINTER}/code", "w") as f:
        f.write(code)
    for name in ("argv", "job", "env"):
        if os.path.exists(f"{PRINTER}/{name}"):
            os.remove(f"{PRINTER}/{name}")


def to_printer():
    with open(os.open(f"{PRINTER}/lp", os.O_CREAT | os.O_WRONLY, 0o755), "w") as f:
        f.write(LP.format(PRINTER))
    path = {"PATH": f"{PRINTER}:{ENV['PATH']}"}
    before = sorted(os.listdir(WORK))
    job()
    t = Terminal("wren", "print", "Circle", words=True, env=path)
    check("it is asked before", t.expect("may keep a copy.") and
          t.expect("This computer may keep one") and t.expect("Print it? y/n:"), t.text)
    check("not before y", not os.path.exists(f"{PRINTER}/argv"))
    t.say("what")
    check("y or n, nothing else", t.expect("Print it? y/n:"), t.text)
    t.say("y")
    check("it is printed", t.expect("It is printed.") and t.end() == 0, t.text)
    check("the title of the job says nothing", open(f"{PRINTER}/argv").read() ==
          "-s\n-t\npage\n", open(f"{PRINTER}/argv").read())
    check("the page went through a pipe", re.search(r" 0 -> pipe:",
          open(f"{PRINTER}/fds").read()) and open(f"{PRINTER}/job", "rb").read(5) ==
          b"%PDF-", open(f"{PRINTER}/fds").read())
    check("nothing else of kring is open there", not re.search(
        r"wren|socket:|anon_inode|urandom", open(f"{PRINTER}/fds").read()),
        open(f"{PRINTER}/fds").read())
    check("no text in its surroundings", "Circle" not in open(f"{PRINTER}/env").read())
    check("no file of ours was left", sorted(os.listdir(WORK)) == before)
    shutil.copy(f"{PRINTER}/job", f"{WORK}/job.pdf")
    check("it is the page", "the newest of all" in
          pdf("pdftotext", f"{WORK}/job.pdf", "-layout"))
    narrow("print", t)
    job()
    t = Terminal("wren", "print", "Circle", words=True, env=path)
    t.expect("y/n:")
    t.say("n")
    check("n prints nothing", t.expect("Nothing was printed.") and t.end() == 0 and
          not os.path.exists(f"{PRINTER}/argv"), t.text)
    job("1")
    t = Terminal("wren", "print", "Circle", words=True, env=path)
    t.expect("y/n:")
    t.say("y")
    check("a printer that refuses is said", t.expect("did not take it.") and
          t.end() == 71, t.text)
    got = subprocess.run([os.environ["KRING_BIN"], "--home", f"{WORK}/wren",
                          "--passphrase-file", f"{WORK}/words", "print", "Circle"],
                         env=dict(ENV, **path), stdin=subprocess.DEVNULL, text=True,
                         capture_output=True, check=False)
    check("nobody to ask: nothing is printed", got.returncode == 64 and "--to" in
          got.stderr, got.stderr)


main(set_up, to_file, dates, what_does_not_fit, without_printer, to_printer)
