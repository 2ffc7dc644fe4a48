# SPDX-License-Identifier: AGPL-3.0-or-later
"""Part of the scripts about the terminal: kring on a pty of 40 columns and 24 rows,
checks that count, kring as a command, and a node in the background."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unicodedata

from lib_check import check, finish

KRING = os.environ["KRING_BIN"]
SANITIZED = b"__asan_init" in open(KRING, "rb").read()  # it ends without a last act
WORK = tempfile.mkdtemp(prefix="kring-tty-", dir="/tmp")
COLUMNS, ROWS = 40, 24
INSIDE = {}  # home: what kring is run by there, as words of a command
ASKED = "Passphrase / Wachtzin:"
ENV = {"PATH": os.environ["PATH"], "HOME": WORK, "TERM": "dumb", "LANG": "C.UTF-8",
       "NO_COLOR": "1"}
ENV.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})


class Terminal:
    """kring on a pty; what it wrote is in .text."""

    def __init__(self, home, *args, env=None, words=False, columns=COLUMNS, rows=ROWS):
        self.columns = columns
        if words:
            args = (*args, "--passphrase-file", f"{WORK}/words")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, columns, 0, 0))
            argv = [*INSIDE.get(home, ()), KRING, "--home", f"{WORK}/{home}", *args]
            os.execvpe(argv[0], argv, dict(ENV, **(env or {})))
        self.raw, self.text, self.at = b"", "", 0

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        self.raw += got
        self.text = self.raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(got)

    def expect(self, what, seconds=20):
        """Wait until `what` was written after what was expected before."""
        end = time.time() + seconds
        while what not in self.text[self.at:] and time.time() < end:
            self.read(0.2)
        if what not in self.text[self.at:]:
            return False
        self.at = self.text.index(what, self.at) + len(what)
        return True

    def since(self):
        """What was written after what was expected last."""
        self.read(0.2)
        return self.text[self.at:]

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def say(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self, seconds=10):
        """The exit code; None if it goes on."""
        end = time.time() + seconds
        while time.time() < end:
            self.read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read(0.1):
                    pass
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        return None


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


# Rows in which a person typed, whatever it was.
TYPED = re.compile(
    r"(Your invitation|Your text|A number, or a name|Same\? y/n|Line \d+):? .")
# What a code to scan is drawn with; nothing else needs such signs.
CODE_LINE = re.compile("[ \u2580-\u259f]+")


def strange(text):
    """Signs that a screen reader does not read out well: all but letters, figures and
    the usual marks.  Rows of a code to scan are left out; what one shows stands beside
    it in words."""
    rows = [row for row in text.split("\n") if not CODE_LINE.fullmatch(row) and
            not TYPED.match(row)]
    return sorted(set(c for row in rows for c in row
                      if not c.isalnum() and not unicodedata.combining(c) and
                      c not in " .,:;!?'\"()[]<>/\\-_%&+=*#@$|~"))


def narrow(name, t, columns=None):
    """No line is wider than the terminal, no colour or box is drawn, nothing turns, and
    only usual signs are there.  What was typed, and an invitation, stay as they are."""
    columns = columns or t.columns
    wide = [line for line in t.text.split("\n") if width(line) > columns and
            not TYPED.match(line) and
            not re.match(r"([^:]+: )?kring[a-z0-9]{60,}$|> ", line.strip())]
    check(f"{name}: nothing is wider than {columns} columns", not wide, repr(wide))
    check(f"{name}: only usual signs", not strange(t.text), strange(t.text))
    check(f"{name}: no colour, no boxes", "\x1b[3" not in t.text and
          not re.search("[\u2500-\u257f]", t.text), t.text)


def run(home, *args, text=""):
    return subprocess.run([*INSIDE.get(home, ()), KRING, "--home", f"{WORK}/{home}",
                           "--passphrase-file", f"{WORK}/words", *args], input=text,
                          text=True, env=ENV, capture_output=True, timeout=60)


def joined(text):
    return " ".join(text.split())


class node:
    """A node of somebody in the background."""

    def __init__(self, who):
        self.who = who

    def __enter__(self):
        self.process = subprocess.Popen(
            [KRING, "--home", f"{WORK}/{self.who}", "--passphrase-file",
             f"{WORK}/words", "node", "--listen", "127.0.0.1:0"], env=ENV,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        for _ in range(100):
            if run(self.who, "status", "--json").stdout.count('"running":true'):
                break
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def open_home(who):
    t = Terminal(who, "--listen", "127.0.0.1:0", words=True)
    t.expect("Number:")
    return t


def choose(t, key, *expected):
    """Type a number (or a text); True if all of that is written then, in order."""
    t.say(key)
    return all(t.expect(e) for e in expected)


def number(t, label):
    """The number that stands before a choice, as it was shown last."""
    got = re.findall(rf"^ *(\S+)  {re.escape(label)}", t.text, re.M)
    return got[-1] if got else "?"


def pick(t, label, *expected):
    """Choose by what a choice says, once its screen is there."""
    end = time.time() + 10
    while number(t, label) == "?" and time.time() < end:
        t.read(0.2)
    return choose(t, number(t, label), *expected)


def main(*parts):
    """Run the parts in order, count, tidy up."""
    try:
        for part in parts:
            part()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    finish()
