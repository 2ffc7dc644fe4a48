# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lint can fail: one small tree is clean, and every sin in it is found.

Each case adds or replaces one file of the clean tree and names the rule that has
to find it; with `None` no rule may find anything.
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lib_contract
import lib_reach
import lib_size
import lib_words
from lib_source import Tree

RULES = {**lib_size.RULES, **lib_reach.RULES, **lib_contract.RULES, **lib_words.RULES}
SPDX = "/* SPDX-License-Identifier: AGPL-3.0-or-later */\n"


def c(path, body):
    return f"{SPDX}/* {os.path.basename(path)} -- something. */\n{body}"


def h(path, body):
    guard = path.replace("/", "_").replace(".", "_").upper()
    return c(path, f"#ifndef {guard}\n#define {guard}\n\n{body}\n#endif\n")


def many(n):
    return "int many(void)\n{\n" + "    x();\n" * n + "}\n"


CLEAN = {
    "docs/protocol.md": "# Protocol\n\n- **P1.1** A frame MUST end.\n- P1.2 Text.\n",
    "base/limits.h": h("base/limits.h",
                       "#define LIMITS_TABLE(X) \\\n    X(FRAMES_MAX, 3, \"no\")\n"),
    "base/a.h": h("base/a.h", """#include <stdint.h>

struct a {
    int (*fn)(void *ctx, int n);
    uint8_t key[32];
};
typedef int (*a_fn)(int n);
/* Two words (of text), over
 * two lines. */
int a_add(struct a *a,
          const char *text);

/* A second. */
__attribute__((warn_unused_result)) int a_drop(const uint8_t key[static 32]);

/* A third, at once. */
static inline int a_three(void)
{
    return 3;
}
"""),
    "base/a.c": c("base/a.c", """#include "base/a.h"

#include <string.h>

/* We never call strcpy() or time() here. P1.1 */
static const char text[] = "system(1) \\" /* no comment */ // none";

int a_add(struct a *a, const char *text)
{
    return a->random(text) + e.time(text) + entropy_rand(3);
}
"""),
    "crypto/b.c": c("crypto/b.c", '#include <sodium.h>\n#include "base/a.h"\n'),
    "node/host/w.c": c("node/host/w.c", '#include <uv.h>\n#include <time.h>\n'),
    "tests/unit/test_a.c": c("tests/unit/test_a.c", '#include "base/a.h"\n'
                             "int x = LIMIT_FRAMES_MAX;\n"),
    "cli/m.c": c("cli/m.c", 'const char *t = _("Done. Well done.");\n'),
    "docs/words.md": "# Words\n\nA carrier is no idea of ours here.\n\n"
                     "| Idea | English | Never in English | Never in Dutch |\n"
                     "|---|---|---|---|\n"
                     "| carrier | post box | carrier*, key | sleutel, gif* |\n",
    "README.md": "# A monkey\n\nSee `key`.\n\n    key: Klaar\n\n```\nkey\n```\n",
    "docs/trial/one-nl.md": "# Een sleutelbos\n",
    "cli/args.c": c("cli/args.c", 'const char *n = "node"; /* a key */\n'),
    "cli/po/nl.po": 'msgid ""\nmsgstr "x: y\\n"\n\n#: a\nmsgid "Done. Well done."\n'
                    'msgstr "Klaar. Goed zo."\n',
}

LONG_WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen"

CASES = [
    (None, "base/ok.c", c("base/ok.c", many(60))),
    ("file length", "base/x.c", c("base/x.c", "int x;\n" * 800)),
    ("file length", "base/x.h", h("base/x.h", "/* a */\n" * 250)),
    ("function length", "base/x.c", c("base/x.c", many(70))),
    ("parameters", "base/x.c", c("base/x.c", "int f(int a, int b, int c, int d, int e,"
                                 "\n      int (*f)(int, int), int g)\n{\n}\n")),
    ("line length", "base/x.c", c("base/x.c", "/* " + "x" * 90 + " */\n")),
    ("line length", "base/x.c", c("base/x.c", "int\tx;\n")),
    ("licence line", "base/x.c", "/* x.c -- something. */\n"),
    ("licence line", "store/migrations/001_a.sql", "SELECT 1;\n"),
    ("file heading", "base/x.c", SPDX),
    ("leftovers", "base/x.c", c("base/x.c", "/* TO" "DO later */\n")),
    ("leftovers", "docs/x.md", "FIX" "ME\n"),
    ("machine paths", "docs/x.md", "see /wo" "rk/main\n"),
    ("top level", "notes.md", "x\n"),
    ("top level", "node/x/y.c", c("node/x/y.c", "")),
    ("libraries by folder", "base/x.c", c("base/x.c", "#include <sodium.h>\n")),
    ("libraries by folder", "base/x.c", c("base/x.c", "#include <utf8proc.h>\n")),
    ("libraries by folder", "tests/unit/test_a.c",
     c("tests/unit/test_a.c", "#include <msgpack/pack.h>\n"
       "int x = LIMIT_FRAMES_MAX;\n")),
    ("libraries by folder", "store/x.h", h("store/x.h", "#include <sqlite3.h>\n"), {
        "node/host/w.c": c("node/host/w.c", '#include "store/x.h"\n')}),
    ("folders by layer", "base/x.c", c("base/x.c", '#include "crypto/b.h"\n')),
    ("folders by layer", "base/x.c", c("base/x.c", '#include "a.h"\n')),
    ("folders by layer", "node/core/x.c", c("node/core/x.c", '#include "store/s.h"\n')),
    ("pure includes", "node/core/x.c", c("node/core/x.c", "#include <time.h>\n")),
    ("pure includes", "crypto/x.c", c("crypto/x.c", "#include <stdio.h>\n")),
    ("own header first", "base/a.c", c("base/a.c", '#include <string.h>\n'
                                       '#include "base/a.h" /* P1.1 */\n')),
    ("include guards", "base/x.h", c("base/x.h", "#ifndef X\n#define X\n#endif\n")),
    ("banned calls", "base/x.c", c("base/x.c", "int f(void)\n{\n    gets(a);\n}\n")),
    ("banned calls", "store/x.c", c("store/x.c", "int t = (int)time(NULL);\n")),
    ("banned calls", "node/core/x.c", c("node/core/x.c", "int t = qsort(a);\n")),
    ("banned calls", "store/x.c", c("store/x.c", "int t = !getenv(a);\n")),
    ("feature macros", "cli/x.c", c("cli/x.c", "#define _GNU_SOURCE\n")),
    ("contracts", "base/x.h", h("base/x.h", "int x_y(void);\n")),
    ("contracts", "base/x.h", h("base/x.h", "/* One. */\nint x_y(void);\nint x_z(int\n"
                                "a);\n")),
    ("contracts", "base/x.h", h("base/x.h", "/* One. */\n\nint *x_y(void);\n")),
    ("contracts", "base/x.h", h("base/x.h", "static inline int x_y(void)\n{\n}\n")),
    ("protocol numbers", "base/x.c", c("base/x.c", "/* P9.9 */\n")),
    ("protocol numbers", "docs/protocol.md", "- P1.1 MUST a\n- P1.1 MUST b\n"),
    ("limits tested", "tests/unit/test_a.c", c("tests/unit/test_a.c", "")),
    ("catalogues", "cli/m.c", c("cli/m.c", 'const char *t = _("Something new.");\n')),
    ("catalogues", "cli/po/nl.po",
     '#, fuzzy\nmsgid "Done. Well done."\nmsgstr "Ja."\n'),
    ("short sentences", "cli/m.c", c("cli/m.c", f'char *t = _("{LONG_WORDS}");\n')),
    ("short sentences", "cli/po/nl.po",
     f'msgid "Done. Well done."\nmsgstr "{LONG_WORDS}"\n'),
    ("plain words", "cli/m.c", c("cli/m.c", 'const char *t = _("Your key.");\n')),
    ("short sentences", "cli/m.c",
     c("cli/m.c", f'char *t = ngettext("One.", "{LONG_WORDS}", n);\n')),
    ("plain words", "base/err.h", h("base/err.h", 'X(ERR_A, 1, "Two Carriers.")\n')),
    ("plain words", "cli/po/nl.po",
     'msgid "Done. Well done."\nmsgstr "Klaar. Giftig."\n'),
    ("plain words", "cli/args.c", c("cli/args.c", 'const char *n = "--carrier";\n')),
    ("plain words", "README.md", "# A key\n"),
    ("plain words", "docs/trial/one-nl.md", "Geen sleutel\n"),
    ("plain words", "docs/words.md", "# Words\n\n| Idea | English |\n|---|---|\n"),
]


def findings(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text)
        tree = Tree(root)
        return {name: [str(f) for f in rule(tree)] for name, rule in RULES.items()}


def main():
    passed = failed = 0
    for rule, path, text, *more in [(None, "base/ok.h", h("base/ok.h", ""))] + CASES:
        found = findings({**CLEAN, path: text, **(more[0] if more else {})})
        ok = bool(found[rule]) if rule else not any(found.values())
        if not ok:
            print(f"the lint misses {rule!r} in {path}: {text!r}" if rule else
                  f"the lint complains about a clean tree: {found}")
        passed += ok
        failed += not ok
    for rule in set(RULES) - {case[0] for case in CASES}:
        print(f"no case here tries the rule {rule!r}")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
