# SPDX-License-Identifier: AGPL-3.0-or-later
"""My language, plain words: from the list of languages on, everything is in the one
that was chosen and nothing in the other; at 40 and 80 columns, with and without
NO_COLOR, and with large letters at 28, where every function remains.

The screens also stand on the paper in docs/trial, which must say the same:

    own_language.py --write     write them there anew; review that as a diff
"""

import re
import sys

from lib_plays import alone, lock, panic, session, two
from lib_stories import DUTCH, SOURCE, Play, close, command, foreign, pieces, reopen
from lib_terminal import check, main, narrow

CHOICE = re.compile(
    r"(?m)^(\d+|u|l|\?)  (.*(?:\n(?!\d+  |u  |l  |\?  |\n|.*:$).+)*)")


def choices(text):
    """{what a choice says} of a screen, however it is wrapped; numbers may differ."""
    return {" ".join(m[1].split()) for m in CHOICE.findall(text)}


def help_of(p):
    for topic in "", "start", "talk", "words", "lost", "safety":
        p.open("otter", "help", *topic.split(), "--language", p.language, words=False)
        while p.until("Enter goes on. 0 stops.", 2):
            p.t.say("")
        p.end()
    p.missed = [m for m in p.missed if p.tr("Enter goes on. 0 stops.") not in m]


def large(p, normal):
    """The same kring with large letters: all that could be done can be done."""
    big = Play(p.language, columns=28, rows=48)
    big.place = p.place
    text = reopen(big, "otter", "--large")
    rows = text.split("\n")
    check(f"{p.language}, large: an empty line stands between two things",
          sum(not r for r in rows) > 8, text)
    check(f"{p.language}, large: every function of the first screen",
          choices(text) == choices(normal), (choices(text), choices(normal)))
    group = big.answer("1", "Number:", "large-group")
    check(f"{p.language}, large: every function of a group",
          choices(group) >= choices(p.screens["new-group"]) and
          len(choices(group)) > 5, (choices(group), choices(p.screens["new-group"])))
    big.answer("1", "Your text:")
    big.answer("42", "Number:")
    big.answer("u", "Number:")
    big.answer("0", "Number:")
    check(f"{p.language}, large: it closes", close(big) == 0 and not big.missed,
          big.missed)
    narrow(f"{p.language}, large", big.t, 28)
    p.raw += big.raw
    command(p, "otter", "set", "large", "on")
    again = Play(p.language, columns=80)
    again.place = p.place
    text = reopen(again, "otter")
    check(f"{p.language}, large: it is remembered",
          max(len(r) for r in text.split("\n")) <= 28, text)
    p.screens["large"] = text.strip("\n")
    again.pick("Language and large letters", "Number:")
    again.pick("Large letters, on or off", "Number:")
    text = again.answer("", "Number:")
    check(f"{p.language}, large: a choice ends it",
          max(len(r) for r in text.split("\n")) > 28, text)
    close(again)


def story(language, columns, env):
    """All of it; what Play saw."""
    p = Play(language, columns=columns, env=env)
    p.circle = {"en": "Circle", "nl": "Kring"}[language]
    name = f"{language}, {columns} columns"
    alone(p)
    two(p)
    normal = reopen(p, "otter")
    p.screens["home"] = normal.strip("\n")
    p.pick("What this device holds about you", "Number:", "about-me")
    close(p)
    lock(p)
    help_of(p)
    session(p)
    check(f"{name}: every screen came", not p.missed, "\n".join(p.missed))
    # The first screen names languages and warnings in all of them, and so does the
    # question of a kring that nobody opened.
    own = p.whole().replace(p.screens["languages"], "")
    stray = [s for s in foreign(language, own)
             if not any(s in b for b in BOTH)]
    check(f"{name}: nothing is in the other language", not stray, stray)
    p.t.text = p.whole()
    narrow(name, p.t, columns)
    return p, normal


# Said in every language where kring cannot know the person's own.
BOTH = [piece for text in (
    "Is caps lock on? Nobody can reset the words.", "That did not work. Try again.",
    "One moment.", "Locked. Nothing arrives until you open it.", "kring is closed.")
    for side in (text, DUTCH[text]) for piece in pieces(side)]


def fence(name, text):
    return f"<!-- screen: {name} -->\n\n```\n{text}\n```\n"


def paper(plays):
    """The screens on paper are those of the plays."""
    for language, p in plays.items():
        path = f"{SOURCE}/docs/trial/screens{'' if language == 'en' else '-nl'}.md"
        with open(path, encoding="utf-8") as f:
            page = f.read()
        used = re.findall(r"<!-- screen: (\S+) -->\n\n```\n(.*?)\n```\n", page, re.S)
        check(f"{path}: it has screens", len(used) > 8)
        for name, text in used:
            if "--write" in sys.argv:
                page = page.replace(fence(name, text), fence(name, p.screens[name]))
            else:
                check(f"paper, {language}: {name}", text == p.screens.get(name),
                      f"{text}\n--- now:\n{p.screens.get(name)}")
        if "--write" in sys.argv:
            with open(path, "w", encoding="utf-8") as f:
                f.write(page)


def stories():
    plays = {}
    for language in "en", "nl":
        plays[language], normal = story(language, 40, {"LANG": "C"})
        large(plays[language], normal)
        panic(plays[language])
    paper(plays)
    tour(plays)
    narrower.update(plays)


narrower = {}


def tour(plays):
    """docs/tour.md shows the stories as they are played here, in both languages."""
    path = f"{SOURCE}/docs/tour.md"
    with open(path, encoding="utf-8") as f:
        page = f.read()
    used = re.findall(r"<!-- screen: (en|nl)/(\S+) -->\n\n```\n(.*?)\n```\n", page,
                      re.S)
    check("the tour has screens", len(used) > 30, len(used))
    for language, name, text in used:
        now = plays[language].screens.get(name)
        if "--write" in sys.argv:
            page = page.replace(fence(f"{language}/{name}", text),
                                fence(f"{language}/{name}", now))
        else:
            check(f"tour, {language}: {name}", text == now, f"{text}\n--- now:\n{now}")
    if "--write" in sys.argv:
        with open(path, "w", encoding="utf-8") as f:
            f.write(page)


def same_when_wide(language, wide_one):
    """The stories at 80 columns are those at 40, but for where rows end."""
    turned = wide_one.tr("Enter goes on. 0 stops.")  # where a page is full
    for name, text in narrower[language].screens.items():
        other = wide_one.screens.get(name)
        if name not in ("large", "large-group"):
            check(f"{language}, 80 columns: {name} says the same", other is not None and
                  text.replace(turned, "").split() == other.replace(turned, "").split(),
                  f"{text}\n--- 80 columns:\n{other}")


def wide():
    """80 columns, and the same bytes whether colour is refused or not."""
    shown = []
    for language in "en", "nl":
        p, _ = story(language, 80, {"LANG": "C"})
        panic(p)
        same_when_wide(language, p)
    for colour in {"NO_COLOR": "1"}, {"NO_COLOR": "", "TERM": "xterm-256color"}:
        p = Play("nl", columns=80, env=colour)
        shown.append(reopen(p, "otter"))
        p.answer("1", "Number:")
        close(p)
        narrow(f"nl, 80 columns, {colour}", p.t)
    check("no colour to refuse", shown[0] == shown[1], shown)


main(stories, wide)
