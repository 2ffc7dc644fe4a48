# SPDX-License-Identifier: AGPL-3.0-or-later
"""Part of the scripts about questions: which question is open on a terminal, all the
questions there are in the sources, and answers that are none."""

import codecs
import glob
import os
import re
import select
import termios
import time

import lib_terminal as tty

SOURCES = os.environ.get("KRING_SOURCE_DIR") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QUIET = 0.04  # a question stands still for as long
LETTERS = re.compile(r"[^\W\d_]{2,}")

# What nobody means, or nobody should: each is tried at each question.
BAD = {
    "empty": b"",
    "1 MiB on one row": b"x" * (1 << 20),
    "64 KiB and one byte": b"y" * ((64 << 10) + 1),
    "control characters": b"ab\x1b[31mc\x07d\x01e\x0bf\x1b]0;title\x1b\\",
    "invalid UTF-8": b"caf\xe9 \xff\xfe \xed\xa0\x80 \xe2\x82",
    "bidi controls": "ab\u202ecd\u2066ef\u202c".encode(),
    "a minus": b"-1",
    "a number without end": b"99999999999999999999",
    "a half": b"1.5",
    "another script's three": "٣".encode(),
}
NUMBERS = ("a minus", "a number without end", "a half", "another script's three")


def catalogue():
    """English sentence -> Dutch one."""
    text = open(f"{SOURCES}/cli/po/nl.po", encoding="utf-8").read()
    pairs = re.findall(r'^msgid "(.+)"\n(?:msgid_plural .*\n)?msgstr(?:\[0\])? "(.*)"$',
                       text, re.M)
    return dict(pairs)


def asked_in_sources():
    """Every question in the sources: what stands where something is asked."""
    found = set()
    for path in glob.glob(f"{SOURCES}/cli/*.c"):
        for line in open(path, encoding="utf-8"):
            if re.search(r"\bask_|_ask|\bask\(|question|const text = N_", line):
                found |= set(re.findall(r'"([^"]+(?::|stops\.))"', line))
    return found


class Asking(tty.Terminal):
    """A terminal that knows which question is open."""

    def read(self, seconds):
        """As of any terminal, without its bell for each byte of a row too long."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            return False
        if not hasattr(self, "decoder"):
            self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        heard = got.replace(b"\a", b"")
        self.raw += heard
        self.text += self.decoder.decode(heard).replace("\r", "")
        return bool(got)

    def write(self, data):
        """All of it, while what comes is read; a terminal drops what it cannot hold."""
        os.set_blocking(self.fd, False)
        while data:
            _, ready, _ = select.select([], [self.fd], [], 0.2)
            self.read(0)
            if ready:
                try:
                    data = data[os.write(self.fd, data[:1024]):]
                except BlockingIOError:
                    pass
                except OSError:
                    break
        os.set_blocking(self.fd, True)

    def open(self, seconds=20):
        """The question that stands open: the last line, when nothing comes any more;
        None if it ended."""
        end = time.time() + seconds
        while time.time() < end:
            if self.read(QUIET):
                continue
            last = self.text[self.at:].rsplit("\n", 1)[-1]
            if re.search(r"[:.] $", last):
                return last.strip()
            if self.over():
                return None
        return self.text[self.at:].rsplit("\n", 1)[-1]

    def answer(self, data, end=b"\n"):
        """Answer; then `said` holds what was said before the next question, and that
        question is returned."""
        self.at = len(self.text)
        self.write(data + end)
        time.sleep(0.02)
        question = self.open()
        after = self.text[self.at:].split("\n", 1)
        self.said = after[1] if len(after) > 1 else ""
        return question

    def over(self):
        """True once it has ended; then .code is how."""
        if getattr(self, "code", None) is None:
            self.code = None
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def wait_over(self, seconds=15):
        end = time.time() + seconds
        while not self.over() and time.time() < end:
            self.read(0.05)
        while self.read(0.05):
            pass
        return self.over()

    def is_plain(self):
        """True if the terminal is as a program finds it."""
        flags = termios.tcgetattr(self.fd)[3]
        want = termios.ECHO | termios.ICANON | termios.ISIG
        return flags & want == want

    def close(self):
        if not self.over():
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def has_sentence(self):
        """True if words were said beside the question."""
        lines = self.said.split("\n")[:-1]
        return any(len(LETTERS.findall(line)) >= 2 for line in lines)
