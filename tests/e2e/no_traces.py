# SPDX-License-Identifier: AGPL-3.0-or-later
"""No core file, and no other program of the same person may look into kring or hold it:
what a debugger could read, a thief of the open session could."""

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lib_check import check, finish

KRING = os.environ["KRING_BIN"]
WORK = tempfile.mkdtemp(prefix="kring-core-", dir="/tmp")
ENV = {"PATH": os.environ["PATH"], "HOME": WORK, "LANG": "C.UTF-8"}
NOBODY, ATTACH, DETACH = 65534, 16, 17
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if b"__asan_init" in open(KRING, "rb").read():
    print("a sanitizer traces its own process, so that kring lets itself be traced")
    sys.exit(77)


def become_person():
    """Root may look into everything: so the person is somebody else."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


most = resource.getrlimit(resource.RLIMIT_CORE)[1]


def start(*argv):
    return subprocess.Popen(argv, cwd=WORK, env=ENV, preexec_fn=become_person,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def node():
    try:
        os.remove(f"{WORK}/otter/control")  # of one that could not tidy up
    except FileNotFoundError:
        pass
    p = start(KRING, "--home", f"{WORK}/otter", "--passphrase-file", f"{WORK}/words",
              "node", "--listen", "127.0.0.1:0")
    for _ in range(200):
        if os.path.exists(f"{WORK}/otter/control"):
            break
        time.sleep(0.05)
    return p


def left():
    return [n for n in os.listdir(WORK) if n.startswith("core")]


def attempt(act):
    """What comes of `act` in a process of the person."""
    pid = os.fork()
    if pid == 0:
        become_person()
        try:
            os._exit(0 if act() else 1)
        except OSError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def can_trace(pid):
    def act():
        got = libc.ptrace(ATTACH, pid, None, None)
        if got == 0:
            os.waitpid(pid, 0x40000000)
            libc.ptrace(DETACH, pid, None, None)
        return got == 0
    return attempt(act)


def can_read(pid):
    return attempt(lambda: open(f"/proc/{pid}/mem", "rb"))


def cores():
    plain = start("sleep", "60")
    time.sleep(0.2)
    plain.send_signal(signal.SIGABRT)
    plain.wait()
    if left():
        check("control: another program leaves a core file here", True)
        for name in left():
            os.remove(f"{WORK}/{name}")
    else:
        print("note: this system writes no core files into folders, or allows none; "
              "only the limit is looked at")
    p = node()
    limits = open(f"/proc/{p.pid}/limits").read()
    row = next(line for line in limits.splitlines() if "core file" in line)
    check("the limit of core files is none", row.split()[4:6] == ["0", "0"], row)
    for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT):
        if p.poll() is not None:
            p = node()
        p.send_signal(number)
        p.wait()
        check(f"{number.name} leaves no core file", not left(), left())


def tracing():
    plain = start("sleep", "60")
    time.sleep(0.2)
    p = node()
    if can_trace(plain.pid):
        check("control: the person may trace another program", True)
        check("the person may not trace kring", not can_trace(p.pid))
    else:
        print("skipped: nobody may trace anything on this system, kring or not")
    if can_read(plain.pid):
        check("control: the person may read the memory of another program", True)
        check("the person may not read the memory of kring", not can_read(p.pid))
    else:
        print("skipped: nobody may read any memory on this system, kring or not")
    for each in (plain, p):
        each.terminate()
        each.wait()


def main():
    with open(f"{WORK}/words", "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    if os.geteuid() == 0:
        os.chown(WORK, NOBODY, NOBODY)
        os.chown(f"{WORK}/words", NOBODY, NOBODY)
    os.chmod(f"{WORK}/words", 0o600)
    done = start(KRING, "--home", f"{WORK}/otter", "--passphrase-file", f"{WORK}/words",
                 "init", "--language", "en", "--light").wait()
    if done == 126 or not os.path.exists(f"{WORK}/otter/slots"):
        print("kring cannot be started by another person here")
        sys.exit(77)
    cores()
    tracing()


try:
    main()
finally:
    shutil.rmtree(WORK, ignore_errors=True)
finish()
