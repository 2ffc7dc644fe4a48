# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two laptops on a network of their own (two network namespaces joined by a cable): six
words typed at terminals, others' words, guesses; next morning with new addresses; a
network marked as ours; and what leaves when nobody asked: nothing."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

from lib_terminal import (INSIDE, KRING, WORK, Terminal, check, choose, joined, main,
                          narrow, run)

SPACES = {"wren": f"kring-a-{os.getpid()}", "otter": f"kring-b-{os.getpid()}"}
PORT = 47114
OTHERS = "able acorn acrobat active actor agree"

# Counts datagrams to the port that pass the cable, and how many have another size.
SNIFF = f"""
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
end, seen, odd = time.time() + float(sys.argv[1]), 0, 0
print("ready", flush=True)
while time.time() < end:
    s.settimeout(max(end - time.time(), 0.01))
    try:
        data, where = s.recvfrom(65536)
    except TimeoutError:
        break
    four = where[1] == 0x0800
    head = (data[0] & 15) * 4 if four else 40
    if data[9 if four else 6] == 17 and \\
            int.from_bytes(data[head + 2:head + 4], "big") == {PORT}:
        seen += 1
        odd += len(data) != head + 8 + 128
print(seen, odd)
"""

GUESS = """
import os, socket, sys
for _ in range(3):
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    s.sendall(os.urandom(192))
    s.close()
"""


def ip(*words, where=None):
    inside = ("netns", "exec", SPACES[where], "ip") if where else ()
    return subprocess.run(["ip", *inside, *words], capture_output=True, text=True,
                          check=False)


def cable():
    """False: namespaces are not to be had here."""
    a, b = SPACES.values()
    if ip("netns", "add", a).returncode or ip("netns", "add", b).returncode:
        return False
    if ip("link", "add", "va", "netns", a, "type", "veth", "peer", "name", "vb",
          "netns", b).returncode:
        return False
    for who, link, me, other in (("wren", "va", 1, 2), ("otter", "vb", 2, 1)):
        INSIDE[who] = ("ip", "netns", "exec", SPACES[who])
        ip("link", "set", "lo", "up", where=who)
        ip("link", "set", link, "up", where=who)
        address(who, link, me, other)
    return True


def address(who, link, me, other):
    """A new address; the other end is the way to everywhere, as a router would be."""
    ip("addr", "flush", "dev", link, "scope", "global", where=who)
    ip("addr", "add", f"10.77.0.{me}/24", "dev", link, where=who)
    ip("route", "add", "default", "via", f"10.77.0.{other}", where=who)


def router():
    """A router that both have, with one address at both ends."""
    for who, link in (("wren", "va"), ("otter", "vb")):
        ip("route", "replace", "default", "via", "10.77.0.99", where=who)
        ip("neigh", "replace", "10.77.0.99", "lladdr", "02:00:00:00:00:63", "dev", link,
           where=who)


def sniff(seconds):
    p = subprocess.Popen(["ip", "netns", "exec", SPACES["otter"], sys.executable, "-c",
                          SNIFF, str(seconds)], stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    return p


def sniffed(p):
    return [int(n) for n in p.stdout.read().split()]


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    for who in SPACES:
        run(who, "init", "--language", "en", "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")


def offer():
    """Wren's terminal with six words on it, and the words."""
    t = Terminal("wren", "invite", "Circle", "--words", words=True)
    t.expect("Say these six words to one person:")
    t.expect("on this network.", 30)
    said = t.text[t.text.index("person:") + 7:t.text.index("They work")]
    return t, said.split()


def other_words():
    t, said = offer()
    check("six words are shown", len(said) == 6, t.text)
    got = run("otter", "join", "--as", "Otter", "--wait", "4", text=OTHERS)
    check("other words find nobody", got.returncode == 75 and
          "Nobody with these words was found." in joined(got.stderr), got.stderr)
    got = run("otter", "join", "--as", "Otter",
              text="able acorn zzz active actor agree")
    check("a wrong word is named", got.returncode == 65 and
          "Word 3 is not in the list." in got.stderr, got.stderr)
    place = json.loads(run("wren", "status", "--json").stdout.splitlines()[0])
    where = re.search(r"10\.77\.0\.\d+:\d+", json.dumps(place))
    host, port = where.group(0).split(":") if where else ("10.77.0.1", "0")
    subprocess.run(["ip", "netns", "exec", SPACES["otter"], sys.executable, "-c", GUESS,
                    host, port], check=False)
    check("three wrong guesses finish the words",
          t.expect("Wrong words were tried three") and t.end() == 65, t.text)
    narrow("offer", t)


def sentence(t):
    return re.findall(r"In words:\n\s+(\w+ \w+ \w+ \w+)\n", t.text)


def six_words():
    t, said = offer()
    u = Terminal("otter", "join", "--as", "Otter", words=True)
    u.expect("Your invitation:")
    wrong = [*said[:2], "zzz", *said[3:]]
    check("a wrong word is named and asked again",
          choose(u, " ".join(wrong), "Word 3 is not in the list.", "Paste it again",
                 "Your invitation:"), u.text)
    check("five words are too few", choose(u, " ".join(said[:5]), "Type all of the six",
          "Your invitation:"), u.text)
    typed = "  ".join(w.upper() for w in said[:3]) + " \t" + " ".join(said[3:]) + " "
    check("six words bring one in, however they are typed",
          choose(u, typed, "Looking for who gave", "Wren must say yes", "Same? y/n"),
          u.text)
    check("who offered them is told", t.expect("Somebody came with your six") and
          t.expect("Otter wants to come in.") and t.expect("Same? y/n"), t.text)
    check("both see one sentence", sentence(t) and sentence(t) == sentence(u), u.text)
    check("anything else is asked again", choose(t, "yes", "Type y or n.",
          "Same? y/n"), t.text)
    choose(u, "y", "Good. Now the other side")
    check("a yes lets in", choose(t, "y", "You let Otter in.") and t.end() == 0, t.text)
    check("and in it is", u.expect("You are in.") and u.end() == 0, u.text)
    got = run("otter", "join", "--as", "Otter", "--wait", "3", text=" ".join(said))
    check("the same words work no more", got.returncode != 0, got.stderr)
    narrow("join", u)
    # A short word stands in noise by chance now and then.
    sought = [w for w in said if len(w) > 5]
    sought += [" ".join(said[i:i + 2]) for i in range(5)]
    for who in SPACES:
        found = subprocess.run(["grep", "-rlaiE", "|".join(sought), f"{WORK}/{who}"],
                               capture_output=True, text=True)
        check(f"no word is in a file of {who}", found.stdout == "", found.stdout)


def start(who):
    return subprocess.Popen([*INSIDE[who], KRING, "--home", f"{WORK}/{who}",
                             "--passphrase-file", f"{WORK}/words", "node"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def links(who):
    return '"links":1' in run(who, "status", "--json").stdout


def both_linked(seconds):
    end = time.time() + seconds
    while time.time() < end:
        if links("wren") and links("otter"):
            return True
        time.sleep(0.3)
    return False


def move(last):
    address("wren", "va", last, last + 1)
    address("otter", "vb", last + 1, last)


def next_morning():
    move(11)
    air = sniff(8)
    nodes = [start(who) for who in SPACES]
    check("two that moved do not meet by themselves", not both_linked(7))
    check("and nothing leaves unasked", sniffed(air) == [0, 0])
    for n in nodes:
        n.terminate()
        n.wait()
    air = sniff(6)
    t = Terminal("wren", words=True)
    t.expect("Number:")
    look = re.search(r"(\d+)  Look around for others", t.text).group(1)
    choose(t, look, "1  Look for two minutes", "Number:")
    choose(t, "1", "Looking for two minutes.", "stop looking.")
    u = Terminal("otter", "around", "--wait", "15", words=True)
    check("who looks around finds the other",
          u.expect("Wren is near. You are connected.", 20), u.text)
    check("and is found", t.expect("Otter is near. You are connected."), t.text)
    seen, odd = sniffed(air)
    check("beacons leave then, all of one size", seen > 4 and odd == 0, f"{seen} {odd}")
    u.expect("remember? y/n", 60)
    u.say("n")
    check("no is no", u.end() == 0, u.text)
    t.say("")
    check("Enter stops looking", t.expect("Number:"), t.text)
    choose(t, "0", "kring is closed.")
    check("kring closes", t.end() == 0, t.text)
    narrow("around", t)
    narrow("around, the command", u)
    check("nobody remembered", "No network is remembered." in
          run("otter", "around", "--list").stdout)


def ours():
    move(21)
    router()
    for who in SPACES:
        got = run(who, "around", "--ours", "Office")
        check(f"{who} marks the network", got.returncode == 0 and "Remembered." in
              got.stderr, got.stderr)
    move(31)
    router()
    check("it is known again", "Office (you are here)" in
          run("wren", "around", "--list").stdout)
    nodes = [start(who) for who in SPACES]
    check("on a network of ours two that moved meet with no typing", both_linked(60))
    run("wren", "say", "Circle", "--now", text="good morning")
    end = time.time() + 20
    while "good morning" not in run("otter", "read", "Circle").stdout:
        if time.time() > end:
            break
        time.sleep(0.5)
    check("and talk", "good morning" in run("otter", "read", "Circle").stdout)
    for who in SPACES:
        run(who, "around", "--forget", "1")
    time.sleep(1)
    air = sniff(4)
    check("a network that was forgotten hears nothing", sniffed(air) == [0, 0])
    for n in nodes:
        n.terminate()
        n.wait()


def tidy():
    for space in SPACES.values():
        ip("netns", "del", space)


def skip():
    if shutil.which("ip"):
        tidy()
    print("no network namespaces here: they need root")
    sys.exit(77)


if not shutil.which("ip") or not cable():
    skip()
try:
    main(set_up, other_words, six_words, next_morning, ours)
finally:
    tidy()
