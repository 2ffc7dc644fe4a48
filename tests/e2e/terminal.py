# SPDX-License-Identifier: AGPL-3.0-or-later
"""Questions at a real terminal: init, the passphrase in both languages, help in pages,
names, and `say` with u."""

import os
import re
import signal
import time

from lib_terminal import (ASKED, ROWS, SANITIZED, WORK, Terminal, check, joined, main,
                          narrow, node, run)


def words_of():
    with open(f"{WORK}/words", encoding="utf-8") as f:
        return f.read().strip()


def init():
    t = Terminal("wren", "init", "--light")
    check("the first screen warns in English", t.expect("Not for emergencies.") and
          t.expect("Trial version."), t.text)
    check("and in Dutch", t.expect("Niet voor noodgevallen.") and
          t.expect("Proefversie."), t.text)
    check("init asks the language by its own name", t.expect("Nederlands") and
          t.expect("1-2:"), t.text)
    check("all of it fits the terminal", t.text.count("\n") < ROWS, t.text)
    t.say("3")
    check("a wrong key there is said in both", t.expect("Type one of the numbers.") and
          t.expect("Typ een van de nummers.") and t.expect("1-2:"), t.text)
    t.say("1")
    check("words are offered", t.expect("Words:\n") and t.expect("Your choice:"),
          t.text)
    words = joined(t.text.split("Words:\n")[1].split("Learn them")[0])
    check("six words", len(words.split()) == 6, words)
    t.say("")
    check("the words are asked back", t.expect("Once more:"), t.text)
    t.say("these are other words entirely")
    check("other words begin it again", t.expect("Those were other words.") and
          t.expect("Words:\n") and t.expect("Your choice:"), t.text)
    again = joined(t.text.split("Words:\n")[2].split("Learn them")[0])
    check("with the same six words", again == words, again)
    before = len(t.text)
    t.say("short")
    check("a short one is refused", t.expect("easy to guess") and
          t.expect("Your choice:"), t.text)
    again = joined(t.text.split("Words:\n")[3].split("Learn them")[0])
    check("still the same six words", again == words, again)
    t.say("")
    t.expect("Once more:")
    t.say("  ".join(w[:4].upper() for w in words.split()))
    t.expect("One moment.")
    t.say("typed while it works")
    code = t.end(30)
    check("init ends well", code == 0, f"{code}\n{t.text}")
    check("nobody can reset them", "Nobody can reset them." in joined(t.text))
    check("what is typed is not shown", "these are other words" not in t.text and
          "short\n" not in t.text[before:] and "while it works" not in t.text, t.text)
    narrow("init", t)
    with open(os.open(f"{WORK}/words", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(words + "\n")


def passphrase():
    words = words_of()
    t = Terminal("wren", "groups")
    t.expect(ASKED)
    t.say("not the words")
    t.expect("Een ogenblik.")
    t.say("typed too early")
    os.write(t.fd, b"and half")
    check("a second try, what to do, in both languages",
          t.expect("That did not work. Try again.") and t.expect("Dat lukte niet.") and
          t.expect("caps lock") and t.expect("reset the") and t.expect("caps lock") and
          t.expect("herstellen.") and t.expect(ASKED), t.text)
    check("what was typed meanwhile is no answer", "work" not in t.since(), t.text)
    t.say(words)
    check("then it opens", t.expect("You have no groups yet.") and t.end() == 0, t.text)
    check("nothing typed was shown", "typed too" not in t.text and
          "and half" not in t.text and words not in joined(t.text), t.text)
    t = Terminal("wren", "groups")
    t.expect(ASKED)
    for _ in range(2):
        t.say("not the words")
        t.expect(ASKED)
    t.say("not the words")
    check("three tries", t.expect("kring stays closed.") and
          t.expect("Start it again") and t.end() == 77, t.text)
    for name, keys in ("at the question", b"half\x03"), ("while it works", b"x\n\x03"):
        t = Terminal("wren", "groups")
        t.expect(ASKED)
        hidden = not t.echoes()
        os.write(t.fd, keys)
        check(f"control-C {name} closes kring", t.expect("\nkring is closed.\n") and
              t.expect("kring is afgesloten."), t.text)
        time.sleep(0.2)
        shown = t.echoes()
        code = t.end()
        check(f"control-C {name} sets the terminal back", hidden and shown)
        check(f"control-C {name} has its exit code", code == 130, f"{code}\n{t.text}")
    for name, number in ("SIGTERM", signal.SIGTERM), ("hang-up", signal.SIGHUP):
        t = Terminal("wren", "groups")
        t.expect(ASKED)
        hidden = not t.echoes()
        os.kill(t.pid, number)
        time.sleep(0.5)
        check(f"{name} at a hidden question sets the terminal back",
              hidden and (t.echoes() or SANITIZED))
        check(f"{name} ends it", t.end() in (128 + number, -number), t.text)


def languages():
    """Who is known to read one language gets that one alone, also before unlocking."""
    words = words_of()
    for name, args, env in (("option", ["--language", "nl"], {}),
                            ("environment", [], {"LC_ALL": "nl_NL.UTF-8"})):
        t = Terminal("wren", "groups", *args, env=env)
        check(f"language of the {name}", t.expect("Wachtzin:") and
              "Passphrase" not in t.text, t.text)
        t.say("niet de woorden")
        check(f"language of the {name}: refused", t.expect("Dat lukte niet.") and
              t.expect("herstellen.") and "That did" not in t.text, t.text)
        t.say(words)
        t.end()
    t = Terminal("wren", "help", "safety")
    check("unlocked by nobody: the other language is named",
          t.expect("Nederlands: kring help safety"), t.text)
    t.expect("Enter goes on.")
    t.say("0")
    check("0 stops a long text", t.end() == 0 and "advice about the law" not in t.text,
          t.text)
    run("merel", "init", "--language", "nl", "--light")
    with node("merel"):
        t = Terminal("merel", "help", "safety")
        check("a running kring knows the language", t.expect("Niet voor noodgevallen.")
              and t.expect("Enter gaat verder."), t.text)
        t.say("0")
        t.end()
        t = Terminal("merel", "passphrase")
        check("also before the passphrase is changed", t.expect("Wachtzin:") and
              "Passphrase" not in t.text, t.text)
        os.write(t.fd, b"\x03")
        t.end()


def pages():
    for topic in "", "safety":
        t = Terminal("wren", "help", *topic.split(), "--language", "en")
        shown = 0
        while t.expect("Enter goes on.", 3):
            page = t.text[shown:].split("Enter goes on.")[0].lstrip("\n")
            check(f"help {topic}: a page fits", page.count("\n") < ROWS, page)
            shown = len(t.text)
            t.say("")
        check(f"help {topic}: in pages, to the end", shown > 0 and t.end() == 0 and
              ("about the law." in t.text or "COMMAND" in t.text), t.text)
        narrow(f"help {topic}", t)


def names():
    t = Terminal("wren", "group", "new", "Circle", words=True)
    check("three names are offered", t.expect("Not a name people know you by.") and
          t.expect("3  ") and t.expect("A number, or a name:"), t.text)
    t.say("9")
    check("a number that is none is asked again", t.expect("Type one of the") and
          t.expect("A number, or a name:"), t.text)
    t.say("w" * 41)
    check("so is a name that is too long", t.expect("too long") and
          t.expect("A number, or a name:"), t.text)
    t.say("2")
    name = re.search(r"^2  (\S+)$", t.text, re.M).group(1)
    check("the chosen name counts", t.expect(f"In this group you are: {name}") and
          t.end() == 0, t.text)
    check("the header says which clock runs", "Circle [talk, gone in 7 days]" in t.text)
    narrow("group new", t)


def say_and_take_back():
    t = Terminal("wren", "say", "Circle", words=True)
    check("say asks for the text", t.expect("[talk, gone in 7 days]") and
          t.expect("Your text:"), t.text)
    t.say("never to be seen")
    check("it waits", t.expect("Type u to take it"), t.text)
    time.sleep(1)
    t.read(0.1)
    check("nothing is sent yet", "Sent" not in t.text, t.text)
    t.say("u")
    check("u takes it back", t.expect("Taken back.") and t.end() == 0, t.text)
    check("it is nowhere", "never to be seen" not in
          run("wren", "read", "Circle").stdout)
    t = Terminal("wren", "say", "Circle", "--now", words=True)
    t.expect("Your text:")
    t.say("at once")
    check("--now does not wait", t.end(8) == 0 and "30 seconds" not in t.text, t.text)
    check("it is there", "at once" in run("wren", "read", "Circle").stdout)


main(init, passphrase, languages, pages, names, say_and_take_back)
