# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two who came in without comparing do it later, face to face: both choose each other,
see one sentence, and their devices remember it; a no stops both.  From the screens, in
both languages at 40 columns, and by commands."""

import json
import os
import re
import subprocess

from lib_stories import DUTCH
from lib_terminal import (ENV, KRING, WORK, Terminal, check, choose, main, narrow,
                          pick, run)

LABEL = "Compare a sentence with somebody"


def set_up():
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write("able acorn acrobat active actor adapt\n")
    for who, language in ("wren", "en"), ("otter", "nl"):
        run(who, "init", "--language", language, "--light")
    run("wren", "group", "new", "Circle", "--as", "Wren")


def both():
    t = Terminal("wren", "--listen", "127.0.0.1:0", words=True)
    choose(t, "1", "Number:")
    line = run("wren", "invite", "Circle", "--open").stdout
    o = Terminal("otter", "--listen", "127.0.0.1:0", words=True)
    o.expect("Nummer:")
    run("otter", "join", "--as", "Otter", "--wait", "20", text=line)
    o.expect("Circle")
    choose(o, "", "1  Circle", "Nummer:")
    choose(o, "1", "Nummer:")
    t.expect("Otter joined")
    t.expect("Number:")
    return t, o


def compared(who, other):
    rows = [json.loads(r) for r in run(who, "members", "Circle", "--json")
            .stdout.split("\n") if r]
    return [r["compared"] for r in rows if r["name"] == other]


def sentence(text):
    """The four words below the label, in whatever language."""
    found = re.findall(r"(?:In words|In woorden):\n +(.*)\n", text)
    return found[-1] if found else None


def begin(t, o):
    check("Otter is not compared yet", pick(t, "More", "Number:") and
          pick(t, LABEL, "Otter (not compared yet)", "Number:"), t.text)
    check("what to do stands there", choose(t, "1", "Sit together", "and chooses",
                                            "press Enter", "Number:"), t.text)
    check("Otter is told", o.expect("Wren wil een zin met jou") and
          o.expect("kies: Meer.") and o.expect("Nummer:"), o.text)
    pick(o, DUTCH["More"], "Nummer:")
    pick(o, DUTCH[LABEL], "1  Wren", "Nummer:")
    choose(o, "1", "Zit bij elkaar", "Nummer:")
    check("both are told of the sentence", t.expect("The sentence is ready") and
          t.expect("Number:") and o.expect("De zin is er.") and o.expect("Nummer:"),
          (t.text, o.text))
    t_at, o_at = len(t.text), len(o.text)
    choose(t, "", "In words:", "In numbers:", "Same? y/n")
    choose(o, "", "In woorden:", "In cijfers:", "Hetzelfde? j/n") or \
        choose(o, "", "In woorden:", "j/n")
    one, two = sentence(t.text[t_at:]), sentence(o.text[o_at:])
    check("it is one sentence, in English for two languages",
          one and one == two and len(one.split()) == 4, (one, two))


def same(t, o):
    begin(t, o)
    again = choose(t, "maybe", "Type y, n", "Same? y/n")
    check("what is neither is asked again", again, t.text)
    check("the same", choose(t, "y", "You compared with Otter.", "Number:"), t.text)
    check("also there", choose(o, "j", "Je hebt vergeleken", "Nummer:"), o.text)
    shown = [" ".join(run(who, "members", "Circle").stdout.split())
             for who in ("wren", "otter")]
    check("both devices remember it", compared("wren", "Otter") == [True] and
          "compared with you" in shown[0] and "vergeleken met jou" in shown[1], shown)


def differs(t, o):
    pick(o, DUTCH["More"], "Nummer:")
    pick(o, DUTCH[LABEL], "1  Wren", "Nummer:")
    choose(o, "1", "Zit bij elkaar", "Nummer:")
    t.expect("Otter wants to compare")
    t.expect("Number:")
    pick(t, "More", "Number:")
    pick(t, LABEL, "1  Otter", "Number:")
    choose(t, "1", "Sit together", "Number:")
    t.expect("The sentence is ready")
    choose(t, "", "In words:", "Same? y/n")
    o.expect("De zin is er.")
    choose(o, "", "In woorden:", "j/n")
    choose(o, "j", "Je hebt vergeleken", "Nummer:")
    check("a no says what to do", choose(t, "n", "Stopped. Somebody may sit between",
          "Meet Otter in person,", "Number:"), t.text)
    check("the other one hears of it", o.expect("Wren zegt dat") and
          o.expect("niets onthouden") and o.expect("oog in oog") and
          o.expect("Nummer:"), o.text)
    check("no mark stays", compared("wren", "Otter") == [False] and
          "vergeleken met jou" not in run("otter", "members", "Circle").stdout)


def at_a_terminal(start):
    t = Terminal("wren", "compare", "Circle", "Otter", words=True)
    check("at a terminal it waits", t.expect("Sit together"), t.text)
    p = start("otter", "Wren")
    check("then it asks", t.expect("In words:") and t.expect("Same? y/n"), t.text)
    for bad in "", "maybe", "7", "\t", "yy":
        again = choose(t, bad, "Type y or n.", "Same? y/n")
        check(f"bad answer {bad!r}", again, t.text)
    p.communicate(timeout=60)
    t.say("y")
    check("and remembers", t.expect("You compared with") and t.end() == 0, t.text)
    narrow("compare, a command", t)


def by_commands():
    def start(who, other):
        return subprocess.Popen([KRING, "--home", f"{WORK}/{who}", "--passphrase-file",
                                 f"{WORK}/words", "compare", "Circle", other, "--json",
                                 "--wait", "30"], text=True, env=ENV,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
    alone = run("otter", "compare", "Circle", "Wren", "--json", "--wait", "1")
    check("nobody chose Otter", alone.returncode == 75 and not alone.stdout,
          (alone.returncode, alone.stderr))
    pair = start("wren", "Otter"), start("otter", "Wren")
    rows = [json.loads(p.communicate(timeout=60)[0] or "{}") for p in pair]
    check("programs see one sentence", rows[0].get("sentence") and
          rows[0]["sentence"] == rows[1].get("sentence") and
          rows[0]["name"] == "Otter", rows)
    check("and say so", run("otter", "compare", "yes", "Circle").returncode == 0 and
          compared("otter", "Wren") == [True])
    check("a no", run("wren", "compare", "no", "Circle").returncode == 0)
    check("twice there is nothing", run("wren", "compare", "no", "Circle")
          .returncode == 70)
    at_a_terminal(start)
    check("not with oneself", run("wren", "compare", "Circle", "Wren").returncode == 64)
    check("nor with nobody", run("wren", "compare", "Circle", "Robin").returncode == 66)


def face_to_face():
    t, o = both()
    same(t, o)
    differs(t, o)
    by_commands()
    for x in t, o:
        x.say("0")
        x.say("0")
        check("it closes", x.end() == 0, x.text)
    narrow("compare", t)
    narrow("compare, nl", o)


main(set_up, face_to_face)
