# SPDX-License-Identifier: AGPL-3.0-or-later
"""A shared computer: a session joins, talks, warns, ends, and leaves nothing: no file,
no open for writing, no name in the title or the list of processes."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

SOURCE, BUILD = os.environ["KRING_SOURCE_DIR"], os.environ["KRING_BUILD_DIR"]
# Everybody writes to /tmp all the time: the test has one of its own, where it may.
OWN_TMP = """
set -e
root=$(mktemp -d /var/tmp/kring-own-XXXXXX)
mount -t tmpfs none "$root"
for folder in "$KRING_SOURCE_DIR" "$KRING_BUILD_DIR"; do
    case $folder in
    /tmp/*) mkdir -p "$root${folder#/tmp}"
            mount --bind "$folder" "$root${folder#/tmp}" ;;
    esac
done
chmod 1777 "$root"
mount --move "$root" /tmp
rmdir "$root"
exec "$@"
"""
if "KRING_OWN_TMP" not in os.environ and os.geteuid() == 0:
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0:
        os.environ["KRING_OWN_TMP"] = "1"
        os.execvp("unshare", ["unshare", "-m", "bash", "-c", OWN_TMP, "own-tmp",
                              sys.executable, __file__])

import lib_image
from lib_terminal import (ENV, KRING, SANITIZED, WORK, Terminal, check, choose, joined,
                          main, narrow, node, run)

QUICK = f"{BUILD}/tests/preload/quick.so"
NAMES = ("Wren", "Otter", "Circle", "at the well", "from the office")
# A place of the computer's, beside what the members of the test own.
PLACE = tempfile.mkdtemp(prefix="kring-office-", dir="/var/tmp")
PARTS = {"HOME": "home", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config",
         "XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state",
         "XDG_RUNTIME_DIR": "run", "TMPDIR": "tmp"}
HERE = dict(ENV, TERM="xterm", **{k: f"{PLACE}/{v}" for k, v in PARTS.items()})


class Session(Terminal):
    """`kring session` on a pty, in a folder of its own."""

    def __init__(self, *before, args=(), env=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
            os.chdir(f"{PLACE}/cwd")
            os.closerange(3, 256)  # what the script itself was given
            argv = [*before, KRING, "session", *args]
            os.execvpe(argv[0], argv, dict(HERE, **(env or {})))
        self.raw, self.text, self.at = b"", "", 0


def listing():
    """All names below the places a program may write to, with size and time."""
    out = {}
    for top in (PLACE, "/tmp") if "KRING_OWN_TMP" in os.environ else (PLACE,):
        for folder, folders, names in os.walk(top):
            if folder == "/tmp":
                folders[:] = [d for d in folders if not SOURCE.startswith(f"/tmp/{d}/")
                              and not WORK.endswith(f"/{d}")]
            for name in folders + names:
                at = os.lstat(f"{folder}/{name}")
                out[f"{folder}/{name}"] = (at.st_size, at.st_mtime_ns, at.st_mode)
    return out


def set_up():
    for part in (*PARTS.values(), "cwd"):
        os.makedirs(f"{PLACE}/{part}", mode=0o700)
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    run("wren", "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")
    run("wren", "say", "Circle", "--now", text="at the well")
    if "KRING_OWN_TMP" not in os.environ:
        print("note: /tmp belongs to everybody here, its list is not compared")


def join(t):
    """From the first screen to a text that was read and one that was sent."""
    check("it says what it is", t.expect("1-2:") and
          choose(t, "1", "Nothing is written on this", "all is gone", "0 ends it.",
                 "Number:"), t.text)
    check("nobody asks for a passphrase", "assphrase" not in t.text, t.text)
    check("no group is started here", "Start a group" not in t.text and
          "1  Join" in t.text and "0  End" in t.text, t.text)
    choose(t, "1", "Your invitation:")
    choose(t, run("wren", "invite", "Circle", "--open").stdout.strip(), "A number, or a name:")
    choose(t, "Otter", "It goes on by itself.")
    check("it is let in", t.expect("You are in", 60), t.text)
    t.expect("Number:")
    choose(t, "1", "1  Write", "Number:")
    run("wren", "say", "Circle", "--now", text="at the well")
    check("it reads", t.expect("at the well", 30), t.text)
    t.expect("Number:")


def ends(t, name):
    check(f"{name}: it says that nothing stays, last",
          t.expect("Ended. Nothing stays here.\n") and t.end() == 0 and
          t.text.endswith("Nothing stays here.\n"), t.text[-300:])
    last = t.text[t.text.rindex("\x1b[3J"):] if "\x1b[3J" in t.text else None
    check(f"{name}: the screen and what scrolled off it went first",
          last and not any(n in last for n in NAMES), repr(t.text[-300:]))


def looked_at(pid):
    """The processes of a session as others see them: (names, command lines, files)."""
    pids, names, lines, files = [pid], [], [], []
    for p in pids:
        for thread in os.listdir(f"/proc/{p}/task"):
            pids += map(int, open(f"/proc/{p}/task/{thread}/children").read().split())
            names.append(open(f"/proc/{p}/task/{thread}/comm").read().strip())
        lines.append(open(f"/proc/{p}/cmdline").read().split("\0")[:-1])
        files += [os.readlink(f"/proc/{p}/fd/{n}") for n in os.listdir(f"/proc/{p}/fd")]
        files += [line.split()[-1] for line in open(f"/proc/{p}/maps")
                  if re.match(r"\S+ .w.s ", line)]
    return names, lines, files


def no_names(what, text):
    check(f"{what} holds no name and no text", not any(n in text for n in NAMES), text)


def no_title(t):
    """No title of a window or tab is set: OSC, the old screen title, DCS, APC, PM."""
    check("the terminal's title is left alone",
          not re.search("\x1b[\\]kPX^_]|[\x90\x98\x9d-\x9f]", t.text), t.raw)


def whole_story():
    before = listing()
    with node("wren"):
        t = Session()
        join(t)
        names, lines, files = looked_at(t.pid)
        check("its processes are called kring", set(names) == {"kring"}, names)
        check("its command line is what was typed", lines == [[KRING, "session"]],
              lines)
        check("all it holds is terminals, sockets and what has no name", not [
            f for f in files if not re.match(r"/dev/(pts/|tty|null$|urandom$)|socket:|"
                                             r"pipe:|anon_inode:", f)], files)
        check("while it runs nothing is there", listing() == before)
        choose(t, "1", "Your text:")
        check("a text waits", choose(t, "from the office", "It waits 30", "Number:"))
        choose(t, "0", "0  End", "Number:")
        check("what waits is not lost unasked",
              choose(t, "0", "1 text waits. It is lost", "0  Back", "Number:") and
              choose(t, "0", "0  End", "Number:"), t.text)
        check("it goes out", t.expect("Sent in Circle.", 45), t.text)
        for _ in range(40):
            if "from the office" in run("wren", "read", "Circle").stdout:
                break
            time.sleep(0.25)
        check("the others have it", "from the office" in
              run("wren", "read", "Circle").stdout)
        t.say("0")
        ends(t, "0")
        t.text = t.text.replace("\x1b[H\x1b[2J\x1b[3J", "")
        narrow("session", t, 40)
        no_title(t)
    check("afterwards all lists of files are as before", listing() == before,
          set(listing().items()) ^ set(before.items()))


WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
MAY = re.compile(r'"/dev/(tty|pts/\d+|null|urandom)"')
NEVER = ("mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat",
         "symlink", "symlinkat", "mknod", "mknodat", "truncate", "creat",
         "memfd_create", "shm_open")


def traced():
    """Every call that could make or change a file, in all its processes."""
    trace = f"{WORK}/trace"
    with node("wren"):
        t = Session("strace", "-f", "-qq", "-s", "64", "-o", trace,
                    "-e", "trace=%file,%desc,bind,memfd_create",
                    env={"ASAN_OPTIONS": "detect_leaks=0"})
        join(t)
        choose(t, "0", "Number:")
        t.say("0")
        ends(t, "traced")
    calls = [line.split(None, 1)[1] for line in open(trace, errors="replace")]
    check("the trace saw it at work", len(calls) > 200 and
          any("/proc/swaps" in c or "libsqlite3" in c for c in calls), len(calls))
    check("nothing is opened for writing but the terminal", not [
        c for c in calls if re.match(r"open(at2?)?\(", c) and WRITES.search(c)
        and not MAY.search(c)], [c for c in calls if WRITES.search(c)])
    check("no name is made in any folder", not [
        c for c in calls if c.split("(")[0] in NEVER and "ENOENT" not in c],
        [c for c in calls if c.split("(")[0] in NEVER])
    check("no socket has a name", not [c for c in calls if c.startswith("bind(")
                                       and "AF_UNIX" in c])


def forgotten():
    """Texts and names are in memory while it runs, and not when it has ended."""
    if os.geteuid() != 0 or SANITIZED:
        print("note: memory is not looked at, that takes root and a plain build")
        return
    folder = f"{WORK}/images"
    os.mkdir(folder)
    needles = [(n, n.encode()) for n in ("at the well", "from the office", "Otter")]
    with node("wren"):
        t = Session(sys.executable, lib_image.__file__, "trace", folder)
        join(t)
        choose(t, "1", "Your text:")
        choose(t, "from the office", "It waits 30", "Number:")
        pid = int(open(f"{folder}/pid").read())
        lib_image.write_image(pid, f"{WORK}/running")
        here = {name for name, _ in lib_image.found(f"{WORK}/running", needles)}
        check("an image of it running holds them", here == {n for n, _ in needles},
              here)
        choose(t, "0", "0  End", "Number:")
        choose(t, "0", "0  Back", "Number:")
        t.say("1")
        ends(t, "looked at")
    ended = [lib_image.found(path, needles) for path in lib_image.images(folder)]
    check("an image of it ended holds none of them", ended and not any(ended), ended)


def killed():
    before = listing()
    t = Session()
    t.expect("1-2:")
    choose(t, "1", "Number:")
    os.kill(t.pid, 9)
    os.waitpid(t.pid, 0)
    check("killed without a word, it leaves nothing", listing() == before)


def hung_up():
    t = Session()
    t.expect("1-2:")
    choose(t, "1", "Number:")
    os.kill(t.pid, 1)
    ends(t, "hung up")
    t = Session()
    t.expect("1-2:")
    choose(t, "1", "Number:")
    os.write(t.fd, b"\x03")
    ends(t, "control-C")


def idle():
    """Twenty minutes, 120 times as fast."""
    if SANITIZED:
        print("note: a sanitizer wants to be loaded first, idle time is not tried")
        return
    t = Session(env={"LD_PRELOAD": QUICK})
    t.expect("1-2:")
    choose(t, "1", "Number:")
    began = time.time()
    check("after 15 minutes it warns", t.expect("Session ends in 5 minutes.", 9) and
          6.5 < time.time() - began < 8.5 and t.expect("to stay.", 1), t.text)
    check("the question stands below it", t.expect("Number:", 1), t.text)
    check("Enter stays", choose(t, "", "0  End", "Number:"), t.text)
    began = time.time()
    check("it warns again", t.expect("Session ends in 5", 9) and
          time.time() - began > 6.5, t.text)
    check("and ends after 20 minutes", t.expect("Ended.", 4) and
          9 < time.time() - began < 11.5, t.text)
    t.at = 0
    ends(t, "idle")


def refused():
    t = Session(args=("--language", "nl"))
    check("it speaks Dutch", t.expect("Hier blijft niets op deze computer.") or
          "deze computer" in joined(t.text), t.text)
    t.expect("Nummer:")
    check("and ends so", choose(t, "0", "Gestopt. Hier blijft niets.") and
          t.end() == 0, t.text)
    got = subprocess.run([KRING, "session", "--home", f"{WORK}/x"], env=HERE, text=True,
                         capture_output=True, check=False)
    check("a folder is refused, and what to do said", got.returncode == 64 and
          "kring --home FOLDER" in joined(got.stderr), got.stderr)
    got = subprocess.run([KRING, "session"], env=HERE, text=True, capture_output=True,
                         stdin=subprocess.DEVNULL, check=False)
    check("without a person there is none", got.returncode == 64 and
          "at a terminal" in got.stderr, got.stderr)


def no_profile_list():
    """Before the passphrase nobody learns who uses this, or in which groups."""
    t = Terminal("wren", env={"TERM": "xterm"})
    check("only words are asked for", t.expect("Wachtzin:"), t.text)
    no_names("the screen before the passphrase", t.text)
    names, lines, _ = looked_at(t.pid)
    no_names("the list of processes", str(names) + str(lines))
    t.say("able acorn acrobat active actor adapt")
    time.sleep(0.2)
    seen = set()
    for _ in range(20):  # the child that stretches the words comes and goes
        try:
            seen |= set(looked_at(t.pid)[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
        t.read(0.05)
    check("children are called as their parent", seen == {"kring"}, seen)
    t.expect("1  Circle")
    choose(t, "1", "at the well", "Number:")
    names, lines, _ = looked_at(t.pid)
    no_names("the list of processes of an open kring", str(names) + str(lines))
    no_title(t)
    os.write(t.fd, b"0\n0\n")
    t.end()


try:
    main(set_up, whole_story, traced, forgotten, killed, hung_up, idle, refused,
         no_profile_list)
finally:
    shutil.rmtree(PLACE, ignore_errors=True)
