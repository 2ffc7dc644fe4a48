# SPDX-License-Identifier: AGPL-3.0-or-later
"""kill -9 at random moments, again and again, while three processes talk over loopback.

    kill_rounds.py [--seed N] [--rounds N]

Whatever a node answered "saved" to must be in its author's store right after the kill,
before anybody could give it back, and with everybody in the end. Every envelope that
any of the three ever had is kept; no two of them may share epochs, author, position
and r, nor even the first three: that would be one key used twice."""

import argparse
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from lib_check import check, finish

KRING = os.environ["KRING_BIN"]
PROFILE = os.environ["KRING_BUILD_DIR"] + "/tests/e2e/profile"
SANITIZED = b"__asan_init" in open(KRING, "rb").read()
LONG = os.environ.get("KRING_LONG") == "1" and not SANITIZED
WORK = tempfile.mkdtemp(prefix="kring-kill-", dir="/tmp")
PEOPLE = ("otter", "wren", "heron")
ENV = {"PATH": os.environ["PATH"], "HOME": WORK, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
SETTLE_S = 90
API_SAY, F_VERB, F_GROUP, F_TEXT, F_ID = 8, 1, 2, 5, 12


def kring(who, *args, text=""):
    return subprocess.run([KRING, "--home", f"{WORK}/{who}", "--passphrase-file",
                           f"{WORK}/words", *args], input=text, text=True, env=ENV,
                          capture_output=True, timeout=60)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- talking to a node, as kring does --------------------------------------------


def request_say(text):
    body = text.encode()
    head = [0xa0 + len(body)] if len(body) < 32 else [0xd9, len(body)]
    return bytes([0x83, F_VERB, API_SAY, F_GROUP, 1, F_TEXT, *head]) + body


def saved_id(reply):
    """The entry's hash in [0, {12: hash}, []]; None for anything else."""
    head = bytes([0x93, 0, 0x81, F_ID, 0xc4, 32])
    return reply[len(head):len(head) + 32].hex() if reply.startswith(head) else None


class Peer:
    def __init__(self, who):
        self.who, self.port, self.process = who, free_port(), None
        self.saved, self.lock, self.starts = {}, threading.Lock(), 0

    def start(self):
        self.starts += 1
        self.process = subprocess.Popen(
            [KRING, "--home", f"{WORK}/{self.who}", "--passphrase-file",
             f"{WORK}/words", "node", "--listen", f"127.0.0.1:{self.port}"], env=ENV,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(f"{WORK}/{self.who}.log", "ab"))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        try:
            s.connect(f"{WORK}/{self.who}/control")
        except OSError:
            s.close()
            return None
        return s

    def wait_up(self):
        for _ in range(400):
            s = self.connect()
            if s:
                s.close()
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.05)
        return False

    def say(self, text):
        """True if the node answered that it is saved."""
        s = self.connect()
        if not s:
            return False
        try:
            body = request_say(text)
            s.sendall(len(body).to_bytes(4, "big") + body)
            reply = b""
            while len(reply) < 4 or len(reply) < 4 + int.from_bytes(reply[:4], "big"):
                more = s.recv(65536)
                if not more:
                    return False
                reply += more
        except OSError:
            return False
        finally:
            s.close()
        saved = saved_id(reply[4:])
        if saved:
            with self.lock:
                self.saved[saved] = text
        return saved is not None


def write_on(peer, rng, stop):
    number = 0
    while not stop.is_set():
        number += 1
        peer.say(f"{peer.who} {number} " + "x" * rng.randrange(100))
        time.sleep(rng.uniform(0.01, 0.12))


# ---- what was ever held ----------------------------------------------------------


class Ledger:
    """Every envelope that was ever in a store, read in the background from copies."""

    def __init__(self):
        self.of, self.by_key, self.twice, self.lost = {}, {}, [], []
        self.work, self.closed, self.copies = [], set(), 0

    def look(self, peer):
        """A copy of the store as it stands now, and what must be in it."""
        self.collect(1)
        self.copies += 1
        copy = f"{WORK}/copy{self.copies}"
        shutil.copytree(f"{WORK}/{peer.who}", copy,
                        ignore=shutil.ignore_patterns("control"))
        with peer.lock:
            due = dict(peer.saved)
        reader = subprocess.Popen([PROFILE, "entries", copy, f"{WORK}/words"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, env=ENV)
        self.work.append((peer.who, copy, due, reader))

    def collect(self, leave=0):
        while len(self.work) > leave:
            who, copy, due, reader = self.work.pop(0)
            out, err = reader.communicate(timeout=120)
            if reader.returncode:
                self.lost.append(f"{who}: {err}")
            here = {self.keep(*line.split()) for line in out.splitlines()}
            self.lost.extend(f"{who}: {text}" for saved, text in due.items()
                             if saved not in here)
            shutil.rmtree(copy)

    def keep(self, envelope, entry, epochs, author, position, r, _):
        if epochs == "closed":
            self.closed.add(envelope)
        elif envelope not in self.of:
            self.of[envelope] = r
            key = (epochs, author, position)
            other = self.by_key.setdefault(key, envelope)
            if other != envelope:
                same = " and r" if self.of[other] == r else ""
                self.twice.append(f"{key}{same}: {other} {envelope}")
        return entry


def ledger_is_awake():
    book = Ledger()
    for envelope, position in (("a", 1), ("b", 2), ("a", 1), ("c", 2)):
        book.keep(envelope, envelope, "epochs", "author", position, "r", 0)
    return len(book.twice) == 1


# ---- the rounds ------------------------------------------------------------------


def set_up(peers):
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    for p in peers:
        kring(p.who, "init", "--language", "en", "--light")
    kring(PEOPLE[0], "group", "new", "Circle", "--as", PEOPLE[0])
    for p in peers:
        p.start()
        p.wait_up()
    for p in peers[1:]:
        line = kring(PEOPLE[0], "invite", "Circle", "--open").stdout
        kring(p.who, "join", "--as", p.who, text=line)
    good = True
    for p in peers:
        got = False
        for _ in range(150):
            got = p.say(f"{p.who} is here")
            if got:
                break
            time.sleep(0.1)
        good = good and got
    check("three people are in a group", good)


def one_round(rng, peers, ledger):
    """One or more of them die; who was killed comes back, sometimes to die at once."""
    time.sleep(rng.uniform(0.02, 0.5))
    dead = rng.sample(peers, rng.choice((1, 1, 1, 1, 2, 3)))
    for p in dead:
        p.kill()
    for p in dead:
        ledger.look(p)
        p.start()
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0, 0.6))
            p.kill()
            p.start()
    return all(p.wait_up() for p in dead)


def texts(who):
    return kring(who, "read", "Circle", "--json").stdout


def settled(peers):
    """Everybody has every text that was shown as saved."""
    missing = "nobody answered"
    end = time.time() + SETTLE_S
    while time.time() < end:
        missing = ""
        for reader in peers:
            here = texts(reader.who)
            for p in peers:
                gone = [t for t in p.saved.values() if f'"text":"{t}"' not in here]
                if gone:
                    missing += f"{reader.who} lacks {len(gone)} of {p.who}: {gone[0]}\n"
        if not missing:
            break
        time.sleep(0.5)
    return missing


def main(peers):
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--rounds", type=int, default=200 if LONG else 30)
    args = parser.parse_args()
    print(f"repeat with: {sys.argv[0]} --seed {args.seed} --rounds {args.rounds}")
    rng, ledger, stop = random.Random(args.seed), Ledger(), threading.Event()
    check("control: a key used twice would be noticed", ledger_is_awake())
    set_up(peers)
    writers = [threading.Thread(target=write_on, args=(p, random.Random(rng.random()),
                                                       stop), daemon=True)
               for p in peers]
    for w in writers:
        w.start()
    began, back = time.time(), 0
    for _ in range(args.rounds):
        back += one_round(rng, peers, ledger)
    took = time.time() - began
    stop.set()
    for w in writers:
        w.join()
    check(f"who was killed comes back, {args.rounds} rounds", back == args.rounds)
    missing = settled(peers)
    check("everybody has every text that was shown as saved", not missing, missing)
    for p in peers:
        p.process.terminate()
        p.process.wait()
        ledger.look(p)
    ledger.collect()
    said = sum(len(p.saved) for p in peers)
    check("what was shown as saved is there right after every kill", not ledger.lost,
          "\n".join(ledger.lost))
    check("no key was used twice", not ledger.twice, "\n".join(ledger.twice))
    check("every envelope was looked into", not ledger.closed - set(ledger.of),
          str(ledger.closed))
    check("there was traffic", said >= args.rounds and len(ledger.of) >= said,
          f"{said} {len(ledger.of)}")
    print(f"{args.rounds} rounds in {took:.0f} s, {sum(p.starts for p in peers)} "
          f"starts, {said} texts saved, {len(ledger.of)} envelopes seen in "
          f"{ledger.copies} stores")


people = [Peer(who) for who in PEOPLE]
try:
    main(people)
finally:
    for person in people:
        if person.process and person.process.poll() is None:
            person.kill()
    shutil.rmtree(WORK, ignore_errors=True)
finish()
