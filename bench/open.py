# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a person waits for kring with many texts: the program itself on a terminal,
from its start to the first question; and without the stretching of the words, which is
measured alone right before each start.

    open.py KRING OPEN TEXTS BYTES ROUNDS

Prints what bench/open measured inside one process, and a line about the whole one."""

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


def first_screen(kring, home, words, env):
    """Seconds from the start of kring to its first question, which is answered."""
    began = time.monotonic()
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(kring, [kring, "--home", home, "--passphrase-file", words,
                          "--listen", "127.0.0.1:0"], env)
    seen = b""
    while b"Number:" not in seen:
        if not select.select([fd], [], [], 60)[0]:
            raise SystemExit("no first screen")
        seen += os.read(fd, 65536)
    took = time.monotonic() - began
    assert b"Bench" in seen, seen.decode()
    os.write(fd, b"l\n")
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    assert status == 0, status
    return took


def main():
    kring, inside, texts, size, rounds = sys.argv[1:]
    work = tempfile.mkdtemp(prefix="kring-bench-")
    words, home = f"{work}/words", f"{work}/home"
    env = {"PATH": os.environ["PATH"], "HOME": work, "TERM": "xterm", "LANG": "C.UTF-8"}
    try:
        with open(os.open(words, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(WORDS)
        subprocess.run([inside, home, words, texts, size], check=True)
        whole, rest = [], []
        for _ in range(int(rounds)):
            alone = subprocess.run([inside, home, words], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout
            whole.append(first_screen(kring, home, words, env) * 1000)
            rest.append(whole[-1] - float(alone))
        print(json.dumps({
            "texts": int(texts), "rounds": len(whole),
            "whole_ms": round(statistics.median(whole), 1),
            "without_words_ms": round(statistics.median(rest), 1),
            "worst_without_words_ms": round(max(rest), 1)}))
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
