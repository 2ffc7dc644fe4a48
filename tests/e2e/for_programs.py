# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every command with --json against docs/json.md: each object has the fields that its
table lists, of the type it says, and no other; each exit code is among those listed;
and what stands in the page was seen."""

import json
import os
import re
import signal
import subprocess
import time

from lib_terminal import ENV, KRING, WORK, Terminal, check, main, node, run

SOURCE = os.environ.get("KRING_SOURCE_DIR") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..")
FORMAT = 1
NOTHING = {"door yes GROUP NAME", "compare yes GROUP", "session"}  # no objects
PAIRS = ("group new", "door yes", "door no", "compare yes", "compare no")


class Section:
    """What docs/json.md says about some commands."""

    def __init__(self, commands):
        self.commands = commands
        self.objects, self.parts, self.codes = [], {}, set()
        self.seen = set()  # which of the objects came


def rows_of(lines):
    """[(field, type)] of a table of fields, or None."""
    if not lines[0].startswith("| Field "):
        return None
    return [(cells[0].strip("` "), cells[1].strip()) for cells in
            (line.strip("|").split("|") for line in lines[2:])]


def sections():
    found, part, table = [], None, []
    page = open(f"{SOURCE}/docs/json.md", encoding="utf-8").read()
    for line in page.split("\n") + ["#"]:
        if line.startswith("|"):
            table.append(line)
            continue
        if table and found and rows_of(table):
            fields = dict(rows_of(table))
            if part:
                found[-1].parts[part] = fields
            else:
                found[-1].objects.append(fields)
        table = []
        if line.startswith("### ") or line == "## Any command":
            found.append(Section(re.findall("`([^`]*)`", line) or ["any"]))
            part = None
        elif line.startswith("#### "):
            part = line[5:]
        elif line.startswith("Exit codes: "):
            listed = re.sub(r"\([^)]*\)", "", line[12:])
            found[-1].codes = {int(n) for n in re.findall(r"\d+", listed)}
    return found


SECTIONS = sections()


def section_of(command):
    for s in SECTIONS:
        for name in s.commands:
            if " ".join(w for w in name.split() if not w.isupper()) == command:
                return s
    return None


def fits(value, kind, parts):
    if kind.endswith(" or null"):
        return value is None or fits(value, kind[:-8], parts)
    if kind.startswith("list of "):
        return isinstance(value, list) and all(fits(v, kind[8:], parts) for v in value)
    if kind in parts:
        return isinstance(value, dict) and set(value) == set(parts[kind]) and all(
            fits(value[f], parts[kind][f], parts) for f in value)
    return {"text": lambda: isinstance(value, str),
            "flag": lambda: isinstance(value, bool),
            "number": lambda: type(value) is int and value >= 0}[kind]()


def match(section, value):
    """Which of the section's objects `value` is, or None."""
    for i, fields in enumerate(section.objects):
        if set(value) == set(fields) and all(
                fits(value[f], fields[f], section.parts) for f in fields):
            return i
    return None


# Control characters, and signs that turn the direction of writing.
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f"
                    "\u202a-\u202e\u2066-\u2069]")


def strings(value):
    if isinstance(value, dict):
        return [t for v in value.values() for t in strings(v)]
    if isinstance(value, list):
        return [t for v in value for t in strings(v)]
    return [value] if isinstance(value, str) else []


def judge(command, code, out, err):
    """What is wrong with what `command` wrote; "" if nothing is."""
    section, errors = section_of(command), SECTIONS[0]
    if not section:
        return f"docs/json.md has no section for {command!r}"
    if code not in section.codes:
        return f"exit code {code} is not listed for {command!r}: {err}"
    lines = [(section, line) for line in out.split("\n") if line]
    lines += [(errors, line) for line in err.split("\n") if line.startswith("{")]
    for where, line in lines:
        value = json.loads(line)
        i = match(where, value)
        if i is None:
            return f"{command!r}: no table has this: {line}"
        if value["format"] != FORMAT or any(HIDDEN.search(t) for t in strings(value)):
            return f"{command!r}: format or hidden signs: {line}"
        if where is errors and value["exit"] != code:
            return f"{command!r}: it ended with {code}, not as it says: {line}"
        where.seen.add(i)
    if code != 0 and not any(where is errors for where, _ in lines):
        return f"{command!r}: no object says why it ended with {code}: {err}"
    return ""


def command_of(words):
    """The command among the words, as a section names it."""
    plain = [w for w in words if not w.startswith("-")]
    if "--version" in words:
        return "--version"
    if not plain or "--help" in words:
        return "help"
    two = " ".join(plain[:2])
    return two if two in PAIRS else plain[0]


def tell(name, code, *words, text="", home="wren", secret="words"):
    """Run `words` with --json, and judge; what came on standard output, as objects."""
    args = [KRING, "--home", f"{WORK}/{home}", "--passphrase-file", f"{WORK}/{secret}",
            *words, "--json"]
    got = subprocess.run(args, input=text.encode(), env=ENV, capture_output=True,
                         timeout=120)
    out, err = (b.decode("utf-8", "strict") for b in (got.stdout, got.stderr))
    wrong = judge(command_of(words), got.returncode, out, err)
    check(name, not wrong and got.returncode == code, wrong or (got.returncode, err))
    return [json.loads(line) for line in out.split("\n") if line] if not wrong else []


def set_up():
    for file, words in ("words", "able acorn acrobat active actor adapt\n"), \
            ("new", "bake ball bank barn base bath\n"), ("empty", ""):
        with open(os.open(f"{WORK}/{file}", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(words)
    check("docs/json.md was read", len(SECTIONS) > 15 and all(
        (s.objects or s.commands[0] in NOTHING) and (s.codes or s is SECTIONS[0])
        for s in SECTIONS))


def alone():
    """What one person can do."""
    tell("nothing set up", 66, "groups")
    tell("home without kring", 0)
    for who in "wren", "otter":
        tell(f"init {who}", 0, "init", "--language", "en", "--light", home=who)
    tell("init twice", 65, "init", "--language", "en")
    check("no groups, no objects", tell("no groups", 0, "groups") == [])
    tell("group new", 0, "group", "new", "Circle", "--as", "Wren")
    tell("group new, kept", 0, "group", "new", "Kept", "--as", "Wren", "--kept")
    tell("a name that is none", 65, "group", "new", " ", "--as", "Wren")
    got = tell("groups", 0, "groups")
    check("talk and kept", [(g["clock"], g["days"]) for g in got] ==
          [("talk", 7), ("kept", None)], got)
    tell("rename", 0, "rename", "Circle", "--as", "Wrenna")
    tell("say", 0, "say", "Circle", text="red \x1b[31m and \u202eturned\u0007\n")
    tell("say nothing", 65, "say", "Circle")
    tell("no such group", 66, "read", "Square")
    got = tell("read", 0, "read", "Circle")
    check("hidden signs are out", len(got) == 1 and got[0]["text"].startswith("red "),
          got)
    tell("read a thread", 0, "read", "Circle", "--thread", str(got[0]["number"]))
    tell("a thread of nothing", 66, "read", "Circle", "--thread", "900")
    tell("answer", 0, "say", "Circle", "--answer", str(got[0]["number"]), text="yes\n")
    tell("answer to nothing", 66, "say", "Circle", "--answer", "900", text="yes\n")
    check("an answer says so", [m["answers"] for m in tell("read again", 0, "read",
          "Circle")] == [None, got[0]["number"]])
    check("search", len(tell("search", 0, "search", text="TURN\n")) == 1)
    tell("search in one group", 66, "search", "--group", "Kept", text="turned\n")
    tell("search for nothing", 65, "search", text=" \n")
    got = tell("stay", 0, "stay", "Circle", "--talk", "30")
    check("it stays longer", got and got[0]["days"] == 30, got)
    tell("stay, no time", 64, "stay", "Circle")
    tell("stay, another time", 64, "stay", "Circle", "--talk", "8")
    tell("stay, nowhere", 66, "stay", "Square", "--kept")
    tell("set texts", 0, "set", "texts", "pl")
    tell("set texts, none known", 64, "set", "texts", "xx")
    tell("quiet", 0, "quiet", "Circle")
    tell("quiet off", 0, "quiet", "Circle", "--off")
    tell("hide yourself", 64, "hide", "Wrenna", "--group", "Circle")
    tell("hide nobody", 66, "hide", "Robin", "--group", "Circle")
    tell("hide, somewhere", 64, "hide", "Robin")
    tell("about-me", 0, "about-me")
    tell("status", 0, "status")
    tell("members", 0, "members", "Circle")
    tell("set", 0, "set")
    tell("set large", 0, "set", "large", "off")
    tell("set what is not", 64, "set", "size", "7")
    tell("home", 0)
    tell("help", 0, "help")
    tell("help talk", 0, "help", "talk")
    tell("help on nothing", 64, "help", "nothing")
    tell("help of a command", 0, "say", "--help")
    tell("version", 0, "--version")
    tell("an unknown option", 64, "status", "--colour")
    tell("lock by itself", 0, "lock", "--after", "5")
    tell("no minutes", 64, "lock", "--after", "0")
    tell("panic is off", 66, "panic", text="sluice gate\n")
    tell("panic turned off", 0, "panic", "--disable")
    check("no drafts, no objects", tell("no drafts", 0, "drafts") == [])
    tell("drafts", 0, "drafts", home=begun())
    tell("a page", 0, "print", "Circle", "--to", f"{WORK}/page.pdf")
    tell("over a file", 65, "print", "Circle", "--to", f"{WORK}/page.pdf")
    tell("session with a folder", 64, "session")
    tell("no networks", 0, "around", "--list")


def begun():
    """A kring with a text that was begun and not sent."""
    t = Terminal("wren", "say", "Circle", words=True)
    t.expect("Your text:")
    os.write(t.fd, b"half a text")
    time.sleep(0.3)
    os.kill(t.pid, signal.SIGTERM)
    check("a text is begun", t.end() is not None, t.text)
    return "wren"


def files():
    tell("backup", 0, "backup", f"{WORK}/copy")
    tell("backup over a file", 65, "backup", f"{WORK}/copy")
    tell("restore", 0, "restore", f"{WORK}/copy", home="again")
    tell("restore nothing", 66, "restore", f"{WORK}/none", home="third")
    tell("restore what is none", 65, "restore", f"{WORK}/words", home="third")
    tell("doctor", 0, "doctor")
    tell("passphrase", 0, "passphrase", "--new-passphrase-file", f"{WORK}/new")
    tell("the old one is refused", 77, "groups")
    tell("passphrase back", 0, "passphrase", "--new-passphrase-file", f"{WORK}/words",
         secret="new")
    tell("an empty passphrase file", 65, "groups", secret="empty")


def together():
    """What takes two."""
    tell("join without an invitation", 65, "join", "--as", "Otter", home="otter",
         text="hello")
    tell("node at no address", 68, "node", "--listen", "192.0.2.1:4417")
    args = [KRING, "--home", f"{WORK}/wren", "--passphrase-file", f"{WORK}/words",
            "node", "--listen", "127.0.0.1:0", "--json"]
    running = subprocess.Popen(args, env=ENV, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = running.stdout.readline()
    line = tell("invite", 0, "invite", "Circle", "--open")[0]["invitation"]
    tell("invite, a file", 0, "invite", "Circle", "--to", f"{WORK}/notes.txt")
    tell("invite, a picture", 0, "invite", "Circle", "--png", f"{WORK}/picture.png")
    asking = tell("invite, with a yes", 0, "invite", "Circle")[0]["invitation"]
    tell("a second node", 75, "node")
    with node("otter"):
        tell("join", 0, "join", "--as", "Otter", "--wait", "20", home="otter",
             text=line)
        tell("only a keeper invites", 77, "invite", "Circle", home="otter")
        tell("nobody wants to come in", 0, "door", "Circle")
        other = subprocess.Popen(
            [KRING, "--home", f"{WORK}/otter", "--passphrase-file", f"{WORK}/words",
             "compare", "Circle", "Wrenna", "--json", "--wait", "20"], env=ENV,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        tell("compare", 0, "compare", "Circle", "Otter", "--wait", "20")
        check("also there", other.wait(timeout=40) == 0, other.returncode)
        tell("compare yes", 0, "compare", "yes", "Circle")
        tell("compare no", 0, "compare", "no", "Circle")
        tell("compare no, again", 70, "compare", "no", "Circle")
        tell("compare with nobody", 66, "compare", "Circle", "Robin")
        tell("compare with yourself", 64, "compare", "Circle", "Wrenna")
        run("heron", "init", "--language", "en", "--light")
        waits = tell("join, and wait", 75, "join", "--as", "Heron", "--wait", "2",
                     home="heron", text=asking)
        here = tell("door", 0, "door", "Circle")
        check("both have one sentence", here and waits and
              here[0]["sentence"] == waits[0]["sentence"] and
              here[0]["numbers"] == waits[0]["numbers"], (here, waits))
        tell("door yes to nobody", 66, "door", "yes", "Circle", "Robin")
        tell("door no", 0, "door", "no", "Circle", "Heron")
    got = tell("members", 0, "members", "Circle")
    check("two members", [m["role"] for m in got] == ["keeper", "member"], got)
    tell("hide", 0, "hide", "Otter", "--group", "Circle")
    tell("status, running", 0, "status")
    tell("lock", 0, "lock")
    out, err = running.communicate(timeout=20)
    check("node", not judge("node", running.returncode, first + out, err),
          judge("node", running.returncode, first + out, err))


def the_rest():
    tell("demo", 0, "demo", home="none")
    never = {"limited_member",  # only when somebody does what no kring does
             "destroyed", "words",  # e2e/lock, e2e/around
             "connected", "network"}  # e2e/around
    for s in SECTIONS:
        for i, fields in enumerate(s.objects):
            if i not in s.seen and not never & set(fields):
                check(f"{s.commands}: object {i + 1} of docs/json.md comes", False)
    screen = tell("the commands", 0, "help")[0]
    names = [line["label"] for line in screen["lines"] if line["label"] and
             re.fullmatch(r"kring(?! help [a-z]).*", line["label"])]
    for name in names:
        words = [w for w in name.split()[1:] if re.fullmatch("[a-z-]+", w)]
        check(f"docs/json.md has: {name}", section_of(" ".join(words) or "kring"))
    check("there are commands", len(names) > 15, names)


main(set_up, alone, files, together, the_rest)
