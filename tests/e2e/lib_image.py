# SPDX-License-Identifier: AGPL-3.0-or-later
"""Part of memory.py: all that a process holds in memory, as bytes to be searched.

    python3 lib_image.py trace FOLDER PROGRAM ARGUMENTS...

runs a program and stops it, and every child that it makes, right before its end; what
is in memory and registers then goes to FOLDER/PID.image. Signals that the tracer gets
go on to the program, whose number is in FOLDER/pid. Only root may do this: kring
forbids it to everybody else (PR_SET_DUMPABLE).
"""

import ctypes
import glob
import os
import signal
import subprocess
import sys

TRACEME, CONT, SETOPTIONS, GETREGSET = 0, 7, 0x4200, 0x4204
TRACE_FORK, TRACE_VFORK, TRACE_CLONE, TRACE_EXEC, TRACE_EXIT = 2, 4, 8, 0x10, 0x40
EVENT_EXIT, WALL, EXITKILL = 6, 0x40000000, 0x100000
REGISTERS = {"registers": 1, "float registers": 2, "vector registers": 0x202}
CHUNK, MARK = 1 << 20, b"\n#### "

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


def regions(pid):
    """(from, to, name) of what was written to since the program was loaded, or may
    have been: all but the files that it maps to read."""
    for line in open(f"/proc/{pid}/maps"):
        fields = line.split(None, 5)
        name = fields[5].strip() if len(fields) > 5 else "anonymous"
        if fields[1][0] != "r" or name in ("[vvar]", "[vsyscall]", "[vdso]"):
            continue
        if "w" in fields[1] or not name.startswith("/"):
            low, high = (int(n, 16) for n in fields[0].split("-"))
            yield low, high, name


def write_registers(pid, out):
    for name, kind in REGISTERS.items():
        room = ctypes.create_string_buffer(16384)
        v = Vector(ctypes.cast(room, ctypes.c_void_p).value, len(room))
        if libc.ptrace(GETREGSET, pid, kind, ctypes.byref(v)) == 0:
            out.write(MARK + name.encode() + b"\n" + room.raw[:v.bytes])


def write_image(pid, path, registers=False):
    """Pages of zeros are left out."""
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    with open(path, "wb") as out:
        for low, high, name in regions(pid):
            out.write(MARK + f"{name} {low:x}".encode() + b"\n")
            for at in range(low, high, CHUNK):
                try:
                    part = os.pread(memory, min(CHUNK, high - at), at)
                except OSError:
                    continue
                if part.strip(b"\0"):
                    out.write(part)
        if registers:
            write_registers(pid, out)
    os.close(memory)


def gcore(pid, path):
    """The same by another program's eyes: gdb's, which leaves nothing out with -a."""
    made = subprocess.run(["gcore", "-a", "-o", path, str(pid)], capture_output=True,
                          text=True, timeout=120)
    if os.path.exists(f"{path}.{pid}"):
        os.rename(f"{path}.{pid}", path)
    else:
        raise RuntimeError(made.stdout + made.stderr)


def found(path, needles):
    """(name, region) of every needle in an image. Halves count: what a free list or a
    later call has written over in part is still half a key."""
    data = open(path, "rb").read()
    out = set()
    for name, needle in needles:
        half = len(needle) // 2
        for part in {needle, needle[:half], needle[half:]} if half >= 12 else {needle}:
            at = data.find(part)
            if at >= 0:
                mark = data.rfind(MARK, 0, at)
                end = data.find(b"\n", mark + 1)
                where = data[mark + len(MARK):end].decode("ascii", "replace")
                out.add((name, where if mark >= 0 else "core"))
                break
    return sorted(out)


def images(folder):
    return sorted(glob.glob(f"{folder}/*.image"))


# ---- tracing -------------------------------------------------------------------


def is_leader(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("Tgid:"):
            return int(line.split()[1]) == pid
    return False


def start(argv):
    pid = os.fork()
    if pid == 0:
        libc.ptrace(TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv(argv[0], argv)
    os.waitpid(pid, 0)
    libc.ptrace(SETOPTIONS, pid, None, TRACE_FORK | TRACE_VFORK | TRACE_CLONE |
                TRACE_EXEC | TRACE_EXIT | EXITKILL)
    libc.ptrace(CONT, pid, None, None)
    return pid


def trace(folder, argv):
    first = start(argv)
    seen, code = {first}, 0
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda n, _: os.kill(first, n))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(f"{folder}/pid.new", "w") as f:
        f.write(str(first))
    os.rename(f"{folder}/pid.new", f"{folder}/pid")
    while True:
        try:
            pid, status = os.waitpid(-1, WALL)
        except ChildProcessError:
            return code
        if not os.WIFSTOPPED(status):
            if pid == first:
                code = os.waitstatus_to_exitcode(status)
            continue
        number, event = os.WSTOPSIG(status), status >> 16
        if event == EVENT_EXIT and is_leader(pid):
            write_image(pid, f"{folder}/{pid}.image", registers=True)
        is_new = pid not in seen
        seen.add(pid)
        deliver = 0 if event or (is_new and number == signal.SIGSTOP) else number
        libc.ptrace(CONT, pid, None, deliver)


if __name__ == "__main__":
    result = trace(sys.argv[2], sys.argv[3:])
    if result < 0:
        signal.signal(-result, signal.SIG_DFL)
        os.kill(os.getpid(), -result)
    sys.exit(result)
