# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long locking and erasing take, on the wall, from the key or the command to the
last process with keys being gone: one JSON line each.

    lock.py KRING FILL TEXTS ROUNDS"""

import json
import os
import pty
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WORDS = "able acorn acrobat active actor adapt\n"
ERASING = "sluice gate"


class Bench:
    def __init__(self, kring, fill, texts, rounds):
        self.kring, self.texts, self.rounds = kring, texts, rounds
        self.work = tempfile.mkdtemp(prefix="kring-bench-")
        self.words, self.home = f"{self.work}/words", f"{self.work}/home"
        self.env = {"PATH": os.environ["PATH"], "HOME": self.work, "TERM": "xterm",
                    "LANG": "C.UTF-8"}
        with open(os.open(self.words, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(WORDS)
        subprocess.run([fill, self.home, self.words, str(texts)], check=True)

    def command(self, home, *args):
        return [self.kring, "--home", home, "--passphrase-file", self.words, *args]

    def run(self, home, *args, text=""):
        return subprocess.run(self.command(home, *args), input=text, text=True,
                              env=self.env, capture_output=True, check=True)

    def on_pty(self, home, *args):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(self.kring, self.command(home, *args), self.env)
        return pid, fd

    def node(self, home):
        p = subprocess.Popen(self.command(home, "node", "--listen", "127.0.0.1:0"),
                             env=self.env, stdout=subprocess.PIPE, text=True,
                             stdin=subprocess.DEVNULL)
        p.stdout.readline()
        return p

    def line(self, what, times):
        print(json.dumps({
            "what": what, "texts": self.texts, "rounds": len(times),
            "median_s": round(statistics.median(times), 4),
            "worst_s": round(max(times), 4)}), flush=True)


def read_until(fd, what, seconds=60):
    """All that is written, up to `what`; None: to the end."""
    seen, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and (what is None or what not in seen):
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        if not got:
            break
        seen += got
    return seen


def answer(pid, fd, line):
    """Seconds from the answer to the end of the process."""
    began = time.monotonic()
    os.write(fd, line.encode() + b"\n")
    seen = read_until(fd, None)
    _, status = os.waitpid(pid, 0)
    took = time.monotonic() - began
    os.close(fd)
    assert status == 0, seen.decode()
    return took, seen


def lock_key(b):
    """`l` in kring as a person has it open."""
    times = []
    for _ in range(b.rounds):
        pid, fd = b.on_pty(b.home, "--listen", "127.0.0.1:0")
        read_until(fd, b"Number:")
        took, seen = answer(pid, fd, "l")
        assert b"Locked." in seen
        times.append(took)
    b.line("lock, the key l in kring", times)


def lock_command(b):
    """`kring lock` beside a node, until both are gone."""
    times = []
    for _ in range(b.rounds):
        node = b.node(b.home)
        began = time.monotonic()
        b.run(b.home, "lock")
        node.wait()
        times.append(time.monotonic() - began)
    b.line("lock, the command beside a node", times)


def enable(b):
    pid, fd = b.on_pty(b.home, "panic", "--enable")
    read_until(fd, b"Your word:")
    os.write(fd, ERASING.encode() + b"\n")
    read_until(fd, b"again:")
    answer(pid, fd, ERASING)


def panic(b, with_node):
    times = []
    for _ in range(b.rounds):
        home = f"{b.work}/spare"
        shutil.copytree(b.home, home)
        node = b.node(home) if with_node else None
        began = time.monotonic()
        b.run(home, "panic", text=ERASING)
        if node:
            node.wait()
        times.append(time.monotonic() - began)
        assert not os.path.exists(home)
    b.line("panic, beside a node" if with_node else "panic, locked", times)


def main():
    kring, fill, texts, rounds = sys.argv[1:]
    b = Bench(kring, fill, int(texts), int(rounds))
    try:
        lock_key(b)
        lock_command(b)
        enable(b)
        panic(b, False)
        panic(b, True)
    finally:
        shutil.rmtree(b.work, ignore_errors=True)


main()
