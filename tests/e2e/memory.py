# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stays in memory: images of every kind of kring process, taken while it runs and
right before it ends, on every way out; searched for keys, passphrase, texts and names.

While it runs an image must hold what the process is known to hold: else the search is
blind, and what it does not find later would prove nothing."""

import os
import shutil
import signal
import subprocess
import sys
import time

if os.geteuid() != 0:
    print("images of kring can be taken by root only")
    sys.exit(77)
if not shutil.which("gcore"):
    print("gcore of gdb is not here")
    sys.exit(77)
if b"__asan_init" in open(os.environ["KRING_BIN"], "rb").read():
    print("a sanitizer keeps memory of its own, and kring forgets nothing under it")
    sys.exit(77)

import lib_image
import lib_terminal as tty
from lib_image import found, gcore, images, write_image
from lib_terminal import WORK, Terminal, check

KRING = tty.KRING
PROFILE = os.environ["KRING_BUILD_DIR"] + "/tests/e2e/profile"
TYPED = "Able  acorn ACROBAT active actor adapt"
TEXT = "the heron nests at dawn near sluice 4821"
SHOWN = "the heron nests at dawn"  # as much as a row of the terminal has
LATER = "bring forty clean boxes to pier nineteen"
NAMES = {"otter": "Otterella Brook", "wren": "Wrenward Hollow"}
GROUP = "Sluicewatchers"
ERASING = "quay lantern ebbing"
HIDDEN_AT_REST = ("text", "later text", "name", "group", "erasing")
needles = []
count = 0


def command(who, *args):
    return [KRING, "--home", f"{WORK}/{who}", "--passphrase-file", f"{WORK}/words",
            *args]


def run(who, *args, text=""):
    done = tty.run(who, *args, text=text)
    if done.returncode:
        print(f"{args}: {done.stderr}")
    return done


def start(who, *args, **more):
    return subprocess.Popen(command(who, *args), env=tty.ENV, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            **more)


def wait_for(what, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def runs(who):
    return '"running":true' in tty.run(who, "status", "--json").stdout


def learn_secrets(*people):
    """What must never be found, by the project's own reading of the profiles."""
    keys = {}
    for who in people:
        out = subprocess.run([PROFILE, "secrets", f"{WORK}/{who}", f"{WORK}/words"],
                             capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            name, value = line.split()
            keys.setdefault(bytes.fromhex(value), f"{name} of {who}")
    needles[:] = [(name, value) for value, name in keys.items()]
    needles.extend([("text", TEXT.encode()), ("later text", LATER.encode()),
                    ("group", GROUP.encode()), ("erasing", ERASING.encode())])
    needles.extend(("name", n.encode()) for n in NAMES.values())


def names_of(hits):
    return {name.split(" of ")[0] for name, _ in hits}


def phrases(hits):
    return [h for h in hits if h[0].startswith("passphrase")]


def keys(hits):
    return [h for h in hits if not h[0].startswith("passphrase") and
            h[0] not in HIDDEN_AT_REST]


# ---- while it runs ---------------------------------------------------------------


def look(pid, by=write_image):
    """What is found in a process that goes on."""
    path = f"{WORK}/look.image"
    by(pid, path)
    hits = found(path, needles)
    os.remove(path)
    return hits


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(TYPED + "\n")
    for who in NAMES:
        run(who, "init", "--language", "en", "--light")
    run("otter", "group", "new", GROUP, "--as", NAMES["otter"])
    otter = start("otter", "node", "--listen", "127.0.0.1:0")
    wren = start("wren", "node", "--listen", "127.0.0.1:0")
    wait_for(lambda: runs("otter") and runs("wren"))
    line = run("otter", "invite", GROUP, "--open").stdout
    run("wren", "join", "--as", NAMES["wren"], text=line)
    run("otter", "say", GROUP, text=TEXT)
    check("a text arrives", wait_for(lambda: TEXT in run("wren", "read", GROUP).stdout))
    for p in (otter, wren):
        p.terminate()
        p.wait()
    learn_secrets("otter", "wren")
    check("typed and canonical passphrase are two",
          len([n for n, _ in needles if n.startswith("passphrase")]) == 2)


def running_node():
    node = start("otter", "node", "--listen", "127.0.0.1:0")
    wait_for(lambda: runs("otter"))
    run("otter", "read", GROUP)
    hits, core = look(node.pid), look(node.pid, gcore)
    check("control: a node that runs has the data key, and we find it",
          "data-key" in names_of(hits), str(hits))
    check("control: gdb's image shows it too", "data-key" in names_of(core), str(core))
    check("a node that runs has no passphrase", not phrases(hits + core), str(hits))
    follower = subprocess.Popen(command("otter", "read", GROUP, "--follow"),
                                env=tty.ENV, stdout=subprocess.PIPE,
                                stdin=subprocess.DEVNULL)
    os.set_blocking(follower.stdout.fileno(), False)
    seen = b""

    def shown():
        nonlocal seen
        seen += follower.stdout.read() or b""
        return TEXT.encode() in seen

    check("the follower shows the text", wait_for(shown))
    hits = look(follower.pid) + look(follower.pid, gcore)
    check("control: who follows has the text that is shown, and we find it",
          "text" in names_of(hits), str(hits))
    check("who follows at a node has no key and no passphrase",
          not keys(hits) and not phrases(hits), str(hits))
    began = time.time()
    done = run("otter", "lock")
    took = time.time() - began
    check("lock ends the node and who follows", wait_for(
        lambda: node.poll() is not None and follower.poll() is not None, 2))
    check(f"in less than 0.3 s ({took:.3f})", took < 0.3)
    check("and says so", done.returncode == 0 and
          "Locked. Nothing arrives until you open it." in done.stderr, done.stderr)


def running_home():
    t = Terminal("otter", "--listen", "127.0.0.1:0", words=True)
    t.expect("Number:")
    tty.choose(t, "1", SHOWN, "Number:")
    hits = look(t.pid, gcore)
    check("control: home has keys and the text that is shown",
          {"data-key", "text"} <= names_of(hits), str(hits))
    check("home has no passphrase", not phrases(hits), str(hits))
    run("otter", "lock")
    check("lock ends home, whose screen is left empty", t.end() == 0 and
          "kring is closed." in t.text)


def running_child():
    """Argon2id runs in a child: it has the passphrase while it works."""
    p = start("otter", "groups")
    children = f"/proc/{p.pid}/task/{p.pid}/children"
    child = None

    def born():
        nonlocal child
        child = open(children).read().split()
        return child

    wait_for(born, 5)
    os.kill(int(child[0]), signal.SIGSTOP)
    hits = look(int(child[0]))
    os.kill(int(child[0]), signal.SIGCONT)
    check("control: the child that stretches has the passphrase",
          phrases(hits), str(hits))
    p.wait()


# ---- ways out --------------------------------------------------------------------


class Traced:
    """A program in a pty that is stopped right before its end."""

    def __init__(self, name, who, *args, words=True, env=None):
        global count
        count += 1
        self.name, self.folder = name, f"{WORK}/traced{count}"
        os.mkdir(self.folder)
        wrapper = f"{self.folder}/kring"
        with open(wrapper, "w") as f:
            f.write(f'#!/bin/sh\nexec {sys.executable} {lib_image.__file__} trace '
                    f'{self.folder} {KRING} "$@"\n')
        os.chmod(wrapper, 0o700)
        tty.KRING = wrapper
        self.t = Terminal(who, *args, words=words, env=env)
        tty.KRING = KRING
        wait_for(lambda: os.path.exists(f"{self.folder}/pid"))
        self.pid = int(open(f"{self.folder}/pid").read())

    def ends(self, *codes, least=1):
        """It ends with one of these codes; no image holds anything."""
        got = self.t.end(20)
        taken = images(self.folder)
        hits = [h for path in taken for h in found(path, needles)]
        check(f"{self.name}: it ends", got in codes, f"{got} {self.t.text}")
        check(f"{self.name}: nothing is left ({len(taken)} images)",
              len(taken) >= least and not hits, str(sorted(set(hits))))
        for path in taken:
            os.remove(path)

    def shows(self, *texts):
        good = all(self.t.expect(text) for text in texts)
        check(f"{self.name}: it gets there", good, self.t.text)
        return good

    def asks(self):
        """What an image holds while it waits."""
        return look(self.pid)


def commands():
    Traced("read", "otter", "read", GROUP).ends(0, least=2)
    Traced("status", "otter", "status", "--json").ends(0, least=2)
    t = Traced("say", "otter", "say", GROUP, "--now")
    t.shows("Your text:")
    t.t.say(LATER)
    t.ends(0, least=2)
    t = Traced("say, ended at the question", "otter", "say", GROUP, "--now")
    t.shows("Your text:")
    os.write(t.t.fd, LATER.encode() + b"\x03")
    t.ends(130, least=2)
    Traced("a group that is not there", "otter", "read", "Nowhere").ends(66, least=2)
    with open(f"{WORK}/words", "w") as f:
        f.write("wrong " + TYPED + "\n")
    t = Traced("a wrong passphrase", "otter", "read", GROUP)
    t.ends(77, least=3)
    with open(f"{WORK}/words", "w") as f:
        f.write(TYPED + "\n")
    t = Traced("end of output", "otter", "read", GROUP, env={"TERM": "dumb"})
    t.ends(0, least=2)


def stores():
    Traced("doctor", "otter", "doctor").ends(0, least=2)
    Traced("backup", "otter", "backup", f"{WORK}/copy").ends(0, least=2)
    Traced("restore", "back", "restore", f"{WORK}/copy").ends(0, least=2)
    Traced("what was restored", "back", "read", GROUP).ends(0, least=2)


def passphrases():
    t = Traced("a passphrase typed", "otter", "groups", words=False)
    t.shows(tty.ASKED)
    t.t.say(TYPED)
    t.ends(0, least=2)
    t = Traced("a wrong one typed three times", "otter", "groups", words=False)
    for _ in range(3):
        t.shows(tty.ASKED)
        t.t.say("no " + TYPED)
    t.ends(77, least=6)
    for name, number in (("SIGTERM", signal.SIGTERM), ("SIGHUP", signal.SIGHUP)):
        t = Traced(f"{name} while it is typed", "otter", "groups", words=False)
        t.shows(tty.ASKED)
        t.t.say("no " + TYPED)
        t.shows("One moment.")
        os.kill(t.pid, number)
        t.ends(128 + number)
    t = Traced("control-C while it is typed", "otter", "groups", words=False)
    t.shows(tty.ASKED)
    os.write(t.t.fd, TYPED.encode() + b"\x03")
    t.ends(130)
    t = Traced("the end of input instead of it", "otter", "groups", words=False)
    t.shows(tty.ASKED)
    os.write(t.t.fd, b"\x04")
    t.ends(64)


def nodes():
    for name, number in (("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT),
                         ("SIGHUP", signal.SIGHUP)):
        t = Traced(f"node, {name}", "otter", "node", "--listen", "127.0.0.1:0")
        t.shows("Open at")
        os.kill(t.pid, number)
        t.ends(0, least=2)
    t = Traced("node, lock", "otter", "node", "--listen", "127.0.0.1:0")
    t.shows("Open at")
    run("otter", "read", GROUP)
    hits = t.asks()
    check("control: it had keys", "data-key" in names_of(hits), str(hits))
    run("otter", "lock")
    t.ends(0, least=2)
    t = Traced("node, a broken pointer", "otter", "node", "--listen", "127.0.0.1:0")
    t.shows("Open at")
    os.kill(t.pid, signal.SIGSEGV)
    t.ends(128 + signal.SIGSEGV, least=2)
    t = Traced("node, a place that is taken", "otter", "node", "--listen", "1.2.3.4:5")
    t.ends(68, least=2)


def lock_without_answer():
    """A node that does not answer is ended all the same, and what it held is gone with
    the process; only the system could have kept it."""
    p = start("otter", "node", "--listen", "127.0.0.1:0")
    wait_for(lambda: runs("otter"))
    os.kill(p.pid, signal.SIGSTOP)
    began = time.time()
    done = run("otter", "lock")
    took = time.time() - began
    check(f"lock ends a node that does not answer, in time ({took:.3f})",
          wait_for(lambda: p.poll() is not None, 2) and took < 0.4 and
          done.returncode == 0, done.stderr)
    p = start("otter", "say", GROUP)
    t = Terminal("otter", "say", GROUP, "--now", words=True)
    t.expect("Your text:")
    done = run("otter", "lock", "--json")
    check("lock finds a command that has the store open and serves nobody",
          '"ended":1' in done.stdout and t.end() is not None, done.stdout + t.text)
    p.wait()
    done = run("otter", "lock")
    check("lock says when nothing was open", done.returncode == 0 and
          "kring was not open here." in done.stderr, done.stderr)


def into_group(t):
    """The screen of the group; a text that was left half typed is passed over."""
    t.say("1")
    t.expect("Number:")
    if SHOWN not in t.text:
        tty.choose(t, "0", SHOWN, "Number:")


def homes():
    def opened(name, *args):
        t = Traced(name, "otter", "--listen", "127.0.0.1:0", *args)
        t.shows("Number:")
        into_group(t.t)
        return t

    t = opened("home, closed")
    hits = t.asks()
    check("control: home had the text", "text" in names_of(hits), str(hits))
    tty.choose(t.t, "0", "Number:")
    t.t.say("0")
    t.ends(0, least=2)
    t = opened("home, SIGTERM")
    os.kill(t.pid, signal.SIGTERM)
    t.ends(0, least=2)
    t = opened("home, lock")
    run("otter", "lock")
    t.ends(0, least=2)
    t = opened("home, the end of input")
    os.write(t.t.fd, b"\x04")
    t.ends(0, least=2)
    t = opened("home, a text half typed, control-C")
    tty.choose(t.t, "1", "Your text:")
    os.write(t.t.fd, LATER.encode() + b"\x03")
    t.ends(0, least=2)
    t = opened("home, the key l")
    t.t.say("l")
    t.ends(0, least=2)
    t = opened("home, a text half typed, hang-up")
    tty.choose(t.t, "1", "Your text:")
    os.write(t.t.fd, LATER.encode())
    time.sleep(0.5)
    os.kill(t.pid, signal.SIGHUP)
    t.ends(0, least=2)
    t = Traced("home, the half text again", "otter", "--listen", "127.0.0.1:0")
    t.shows("Number:")
    tty.choose(t.t, "1", "bring forty", "Number:")
    check("control: it has the half text", "later text" in names_of(t.asks()))
    run("otter", "lock")
    t.ends(0, least=2)


def idle():
    """kring locks because nobody types, in the middle of a text (a minute)."""
    if os.environ.get("KRING_LONG") != "1":
        return
    run("otter", "lock", "--after", "1")
    t = Traced("home, nobody types", "otter", "--listen", "127.0.0.1:0")
    t.shows("Number:")
    into_group(t.t)
    tty.choose(t.t, "1", "Your text:")
    os.write(t.t.fd, LATER.encode())
    check("it locks by itself", t.t.expect("kring locks in", 60) and
          t.t.expect("Locked.", 60), t.t.text)
    t.ends(0, least=2)


def erasing():
    """The word that erases: asked for alone, in home, and beside a node."""
    t = Traced("the word is chosen", "otter", "panic", "--enable")
    t.shows("Your word:")
    tty.choose(t.t, ERASING, "The same word again:")
    check("control: it has the word", "erasing" in names_of(t.asks()))
    t.t.say(ERASING)
    t.ends(0, least=2)
    for home in ("gone1", "gone2", "gone3"):
        shutil.copytree(f"{WORK}/otter", f"{WORK}/{home}")
    t = Traced("another word", "gone1", "panic", words=False)
    for _ in range(3):
        t.shows("Your word")
        t.t.say("no " + ERASING)
    t.ends(77)
    t = Traced("the word, while locked", "gone1", "panic", words=False)
    t.shows("Your word")
    t.t.say(ERASING)
    t.ends(0)
    t = Traced("the word, in home", "gone2", "--listen", "127.0.0.1:0")
    t.shows("Number:")
    into_group(t.t)
    tty.choose(t.t, "panic", "Your word:")
    check("control: home had keys", "data-key" in names_of(t.asks()))
    t.t.say(ERASING)
    t.ends(0, least=2)
    t = Traced("a node, when the word is typed elsewhere", "gone3", "node", "--listen",
               "127.0.0.1:0")
    t.shows("Open at")
    done = run("gone3", "panic", text=ERASING + "\n")
    check("the word erases beside a node", done.returncode == 0, done.stderr)
    t.ends(0, 128 + signal.SIGTERM, least=1)
    check("nothing is left of any", not [n for n in os.listdir(WORK) if "gone" in n])


def followers():
    t = Traced("read --follow, lock", "otter", "read", GROUP, "--follow")
    t.shows(SHOWN)
    check("control: it had the text", "text" in names_of(t.asks()))
    run("otter", "lock")
    t.ends(0, least=2)
    t = Traced("read --follow, SIGTERM", "otter", "read", GROUP, "--follow")
    t.shows(SHOWN)
    os.kill(t.pid, signal.SIGTERM)
    t.ends(0, least=2)
    node = start("otter", "node", "--listen", "127.0.0.1:0")
    wait_for(lambda: runs("otter"))
    t = Traced("read --follow at a node that goes", "otter", "read", GROUP, "--follow")
    t.shows(SHOWN)
    node.terminate()
    node.wait()
    t.ends(0, 75)  # 75: it was just asking


def full_disk():
    """The disk is full in the middle of a text."""
    small = f"{WORK}/small"
    os.mkdir(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small],
                      capture_output=True).returncode:
        print("note: no disk can be mounted here; the full disk is left out")
        return
    try:
        run("small/otter", "init", "--language", "en", "--light")
        run("small/otter", "group", "new", GROUP, "--as", NAMES["otter"])
        fill = os.open(f"{small}/fill", os.O_CREAT | os.O_WRONLY)
        try:
            while os.write(fill, b"x" * 1024):
                pass
        except OSError:
            os.close(fill)
        t = Traced("a full disk", "small/otter", "say", GROUP, "--now")
        t.shows("Your text:")
        t.t.say(LATER + " and " * 300)
        t.ends(74, least=2)
    finally:
        subprocess.run(["umount", "-l", small], capture_output=True)


def changes():
    """Last, for it changes what opens the profile."""
    with open(os.open(f"{WORK}/new", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("quite another set of words for this\n")
    needles.append(("passphrase-new", b"quite another set of words for this"))
    t = Traced("a new passphrase", "otter", "passphrase", "--light",
               "--new-passphrase-file", f"{WORK}/new")
    t.ends(0, least=3)
    t = Traced("a new profile", "heron", "init", "--language", "en", "--light")
    t.ends(0, least=2)


tty.main(set_up, running_node, running_home, running_child, commands, stores,
         passphrases, nodes, lock_without_answer, homes, idle, followers, full_disk,
         erasing, changes)
