# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions at a real terminal of 40 columns: init, say with u, kring alone."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

KRING = os.environ["KRING_BIN"]
WORK = tempfile.mkdtemp(prefix="kring-tty-", dir="/tmp")
COLUMNS = 40
ENV = {"PATH": os.environ["PATH"], "HOME": WORK, "TERM": "dumb", "LANG": "C.UTF-8",
       "NO_COLOR": "1"}
ENV.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
passed = failed = 0


def check(name, good, more=""):
    global passed, failed
    passed += bool(good)
    failed += not good
    print(("ok   " if good else "FAIL ") + name, flush=True)
    if not good and more:
        print("     " + more[-500:].replace("\n", "\n     "))


class Terminal:
    """kring on a pty; what it wrote is in .text."""

    def __init__(self, home, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(KRING, ["kring", "--home", f"{WORK}/{home}", *args], ENV)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, COLUMNS, 0, 0))
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


def narrow(name, t):
    """No line is wider than the terminal, and no colour or box is drawn."""
    wide = [line for line in t.text.split("\n") if width(line) > COLUMNS and
            not re.match(r"kring[a-z0-9]{60,}$", line.strip())]
    check(f"{name}: nothing is wider than {COLUMNS} columns", not wide, repr(wide))
    check(f"{name}: no colour, no boxes", "\x1b[3" not in t.text and
          not re.search("[\u2500-\u257f]", t.text), t.text)


def run(home, *args, text=""):
    return subprocess.run([KRING, "--home", f"{WORK}/{home}", "--passphrase-file",
                           f"{WORK}/words", *args], input=text, text=True, env=ENV,
                          capture_output=True, timeout=60)


def joined(text):
    return " ".join(text.split())


def init():
    t = Terminal("wren", "init", "--light")
    check("init asks the language by its own name", t.expect("Nederlands") and
          t.expect("1-2:"), t.text)
    t.say("1")
    check("the first screen warns", t.expect("Not for emergencies."), t.text)
    check("words are offered", t.expect("Words:\n") and t.expect("Your choice:"),
          t.text)
    words = joined(t.text.split("Words:\n")[1].split("Learn them")[0])
    check("six words", len(words.split()) == 6, words)
    t.say("")
    check("the words are asked back", t.expect("Once more:"), t.text)
    t.say("these are other words entirely")
    check("other words begin it again", t.expect("Those were other words.") and
          t.expect("Words:\n") and t.expect("Your choice:"), t.text)
    words = joined(t.text.split("Words:\n")[2].split("Learn them")[0])
    before = len(t.text)
    t.say("short")
    check("a short one is refused", t.expect("easy to guess") and
          t.expect("Your choice:"), t.text)
    words = joined(t.text.split("Words:\n")[3].split("Learn them")[0])
    t.say("")
    t.expect("Once more:")
    t.say("  ".join(w[:4].upper() for w in words.split()))
    code = t.end(30)
    check("init ends well", code == 0, f"{code}\n{t.text}")
    check("nobody can reset them", "Nobody can reset them." in joined(t.text))
    check("what is typed is not shown", "these are other words" not in t.text and
          "short\n" not in t.text[before:], t.text)
    narrow("init", t)
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(words + "\n")
    return words


def passphrase(words):
    t = Terminal("wren", "groups")
    t.expect("Passphrase:")
    t.say("not the words")
    check("a second try", t.expect("That did not work.") and t.expect("Passphrase:"),
          t.text)
    t.say(words)
    check("then it opens", t.expect("You have no groups yet.") and t.end() == 0, t.text)
    t = Terminal("wren", "groups")
    t.expect("Passphrase:")
    os.write(t.fd, b"half\x03")
    code = t.end()
    check("control-C ends the question", code == 64, f"{code}\n{t.text}")


def names(words):
    t = Terminal("wren", "group", "new", "Circle", "--passphrase-file", f"{WORK}/words")
    check("three names are offered", t.expect("Not a name people know you by.") and
          t.expect("3  ") and t.expect("A number, or a name:"), t.text)
    t.say("2")
    name = re.search(r"^2  (\S+)$", t.text, re.M).group(1)
    check("the chosen name counts", t.expect(f"In this group you are: {name}") and
          t.end() == 0, t.text)
    check("the header says which clock runs", "Circle [talk, gone in 7 days]" in t.text)
    narrow("group new", t)


def say_and_take_back():
    t = Terminal("wren", "say", "Circle", "--passphrase-file", f"{WORK}/words")
    check("say asks for the text", t.expect("[talk, gone in 7 days]") and
          t.expect("Your text:"), t.text)
    t.say("never to be seen")
    check("it waits", t.expect("Type u to take it"), t.text)
    time.sleep(1)
    t.read(0.1)
    check("nothing is sent yet", "Sent" not in t.text, t.text)
    t.say("u")
    check("u takes it back", t.expect("Taken back.") and t.end() == 0, t.text)
    check("it is nowhere", "never to be seen" not in
          run("wren", "read", "Circle").stdout)
    t = Terminal("wren", "say", "Circle", "--now", "--passphrase-file", f"{WORK}/words")
    t.expect("Your text:")
    t.say("at once")
    check("--now does not wait", t.end(8) == 0 and "30 seconds" not in t.text, t.text)
    check("it is there", "at once" in run("wren", "read", "Circle").stdout)


def home():
    t = Terminal("wren", "--listen", "127.0.0.1:0",
                 "--passphrase-file", f"{WORK}/words")
    check("home warns", t.expect("Call 112 first.") or "112" in joined(t.text), t.text)
    check("home shows groups and what to do", t.expect("1  Circle") and
          t.expect("2  Start a group") and t.expect("0  Close") and t.expect("Number:"),
          t.text)
    t.say("?")
    check("? explains", t.expect("Type a number, then press Enter.") and
          t.expect("Number:"), t.text)
    t.say("99")
    check("a wrong number is said", t.expect("Type one of the numbers.") and
          t.expect("Number:"), t.text)
    t.say("1")
    check("the group opens", t.expect("[talk, gone in 7 days]") and
          t.expect("at once") and t.expect("1  Write") and t.expect("Number:"), t.text)
    t.say("1")
    t.expect("Your text:")
    t.say("from the screen")
    check("a text waits", t.expect("It waits 30 seconds.") and t.expect("Number:"),
          t.text)
    t.say("u")
    check("u takes it back at home", t.expect("Taken back.") and t.expect("Number:"),
          t.text)
    t.say("4")
    check("who is here", t.expect("you, keeper") and t.expect("Number:"), t.text)
    news(t)
    t.say("0")
    t.expect("Number:")
    t.say("0")
    check("0 closes", t.expect("kring is closed.") and t.end() == 0, t.text)
    narrow("home", t)


def news(t):
    """Somebody joins and writes while the group is open on the screen."""
    run("heron", "init", "--language", "en", "--light")
    line = run("wren", "invite", "Circle").stdout
    check("a command reaches the open kring", line.startswith("kring"), line)
    node = subprocess.Popen([KRING, "--home", f"{WORK}/heron", "--passphrase-file",
                             f"{WORK}/words", "node", "--listen", "127.0.0.1:0"],
                            env=ENV, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL,
                            stdin=subprocess.DEVNULL)
    try:
        for _ in range(50):
            if run("heron", "status", "--json").stdout.count('"running":true'):
                break
            time.sleep(0.1)
        got = run("heron", "join", "--as", "Heron", "--wait", "20", text=line)
        check("heron is let in", got.returncode == 0, got.stderr)
        check("the screen says who joined", t.expect("Heron joined. Let in by"), t.text)
        run("heron", "say", "Circle", text="hello\x1b[31m from heron")
        check("a new text appears by itself", t.expect("from heron"), t.text)
        check("hidden signs are out", "\x1b[31m" not in t.text and
              t.expect("Hidden signs"), t.text)
    finally:
        node.terminate()
        node.wait()


def main():
    try:
        words = init()
        passphrase(words)
        names(words)
        say_and_take_back()
        home()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


main()
