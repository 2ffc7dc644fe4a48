# SPDX-License-Identifier: AGPL-3.0-or-later
"""A profile on a stick: all of kring where there are no second names, no modes and no
sockets; on a real one too, where the system can have such a file system."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from lib_check import check, finish

KRING, BUILD = os.environ["KRING_BIN"], os.environ["KRING_BUILD_DIR"]
WORK = tempfile.mkdtemp(prefix="kring-stick-", dir="/tmp")
STICK = f"{BUILD}/tests/preload/stick.so"
ENV = {"PATH": os.environ["PATH"], "HOME": WORK, "LANG": "C.UTF-8"}
if b"__asan_init" in open(KRING, "rb").read():
    print("a sanitizer wants to be loaded first")
    sys.exit(77)


def kring(where, *args, text="", words="words", extra=None):
    return subprocess.run([KRING, "--home", where, "--passphrase-file",
                           f"{WORK}/{words}", *args], input=text, text=True,
                          env=dict(ENV, **(extra or {})), capture_output=True,
                          timeout=120, check=False)


def profile(name, folder, extra):
    """The whole life of a profile in `folder`/p, with `extra` in the environment."""
    def act(what, *args, want=0, **kw):
        got = kring(f"{folder}/p", *args, extra=extra, **kw)
        check(f"{name}: {what}", got.returncode == want, got.stdout + got.stderr)
        return got
    act("set up", "init", "--language", "en", "--light")
    act("a group", "group", "new", "Circle", "--as", "Wren")
    act("a text", "say", "Circle", text="kept on the stick")
    node = subprocess.Popen(
        [KRING, "--home", f"{folder}/p", "--passphrase-file", f"{WORK}/words", "node",
         "--listen", "127.0.0.1:0"], env=dict(ENV, **extra), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    line = node.stdout.readline()
    check(f"{name}: it listens", "Open at: 127.0.0.1" in line, line)
    act("a second one is told that it is open", "read", "Circle", want=75)
    node.terminate()
    check(f"{name}: it stops", node.wait(20) == 0)
    act("a new passphrase", "passphrase", "--light", "--new-passphrase-file",
        f"{WORK}/other")
    act("the old one opens nothing", "read", "Circle", want=77)
    got = act("the new one does", "read", "Circle", words="other")
    check(f"{name}: the text is there", "kept on the stick" in got.stdout, got.stdout)
    act("a copy", "backup", f"{folder}/copy", words="other")
    again = kring(f"{folder}/q", "restore", f"{folder}/copy", words="other",
                  extra=extra)
    check(f"{name}: the copy opens", again.returncode == 0, again.stderr)
    damage(name, folder, extra)


def flip(path, page):
    with open(path, "r+b") as f:
        f.seek((page - 1) * 4096 + 100)
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ 1]))


def damage(name, folder, extra):
    """doctor keeps what it takes apart under a second name, here a copy."""
    mended = 0
    for page in range(3, os.path.getsize(f"{folder}/p/data") // 4096 + 1):
        shutil.copytree(f"{folder}/p", f"{folder}/d")
        flip(f"{folder}/d/data", page)
        before = open(f"{folder}/d/data", "rb").read()
        got = kring(f"{folder}/d", "doctor", words="other", extra=extra)
        kept = f"{folder}/d/data-damaged-1"
        if os.path.exists(kept):
            check(f"{name}: page {page}: what was damaged is kept, in full",
                  open(kept, "rb").read() == before, got.stdout + got.stderr)
        if got.returncode == 0 and os.path.exists(kept):
            mended += 1
            again = kring(f"{folder}/d", "read", "Circle", words="other", extra=extra)
            check(f"{name}: page {page}: mended, it goes on", again.returncode == 0 or
                  "no such group" in again.stderr, again.stderr)
        shutil.rmtree(f"{folder}/d")
    check(f"{name}: doctor mends where there are no second names", mended > 0)


def real():
    """A file system of a stick in a file, if the system lets us."""
    image, place = f"{WORK}/image", f"{WORK}/mnt"
    if os.geteuid() != 0:
        print("skipped: only root can mount a stick's file system")
        return
    if not shutil.which("mkfs.vfat"):
        print("skipped: mkfs.vfat is missing (package dosfstools)")
        return
    with open(image, "wb") as f:
        f.truncate(32 << 20)
    os.mkdir(place)
    subprocess.run(["mkfs.vfat", image], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["mount", "-t", "vfat", "-o", "loop", image, place],
                          check=False, capture_output=True, text=True)
    if done.returncode:
        print("skipped: this system cannot mount a stick's file system:", done.stderr)
        return
    try:
        profile("vfat", place, {})
    finally:
        time.sleep(0.2)
        subprocess.run(["umount", place], check=False)


def main():
    for name, text in (("words", "able acorn acrobat active actor adapt"),
                       ("other", "able acorn acrobat active actor adopt")):
        with open(os.open(f"{WORK}/{name}", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(text + "\n")
    os.mkdir(f"{WORK}/stick")
    profile("like a stick", f"{WORK}/stick", {"LD_PRELOAD": STICK})
    real()


try:
    main()
finally:
    shutil.rmtree(WORK, ignore_errors=True)
finish()
