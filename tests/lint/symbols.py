# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proof that base, crypto and core reach no clock, socket, file or random source.

What their archives leave undefined, less what they define, must be in
symbols.allow. libsodium draws random bytes inside some of its own functions;
those are refused by name, since the allow-list lets its prefix through.

    /usr/bin/python3 tests/lint/symbols.py [BUILD_DIR]
"""

import fnmatch
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ARCHIVES = {"base": "libkring_base.a", "crypto": "libkring_crypto.a",
            "node/core": "libkring_core.a"}
# libsodium's own use of its generator.
DRAWS = re.compile(r"crypto_\w+_keygen|crypto_\w+_keypair|crypto_\w*box_seal\w*|"
                   r"crypto_pwhash_\w*str|crypto_pwhash_str\w*|"
                   r"crypto_core_\w+_random|crypto_secretstream_\w+_init_push")
SEEDED = re.compile(r"\w*_seed_keypair")


def allow_list(path):
    rules = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if words:
                rules.append((words[0], words[1]))
    return rules


def read_archive(path):
    """({symbol defined}, {(object, symbol undefined)}) of one archive."""
    out = subprocess.run(["nm", "-g", "-P", "-A", path], check=True,
                         capture_output=True, text=True).stdout
    defined, undefined = set(), set()
    for line in out.splitlines():
        m = re.match(r".*\[(.+)\.o\]: (\S+) (\w)", line)
        if m and m.group(3) in "Uvw" and len(line.split()) < 5:
            undefined.add((m.group(1), m.group(2)))
        elif m:
            defined.add(m.group(2))
    return defined, undefined


def is_allowed(rules, folder, member, symbol):
    scopes = ("any", folder, f"{folder}/{member}")
    if DRAWS.fullmatch(symbol) and not SEEDED.fullmatch(symbol):
        scopes = (f"{folder}/{member}",)
    return any(scope in scopes and fnmatch.fnmatchcase(symbol, pattern)
               for scope, pattern in rules)


def check(build, rules):
    defined, undefined, problems = set(), [], []
    for folder, name in ARCHIVES.items():
        path = os.path.join(build, name)
        if not os.path.exists(path):
            problems.append(f"{name} is not built")
            continue
        d, u = read_archive(path)
        defined |= d
        undefined += [(folder, member, symbol) for member, symbol in u]
    for folder, member, symbol in sorted(undefined):
        if symbol not in defined and not is_allowed(rules, folder, member, symbol):
            problems.append(f"{folder}/{member}: may not reach {symbol}")
    return problems, len(undefined)


def self_test():
    """The rules above refuse what they are for."""
    rules = allow_list(os.path.join(HERE, "symbols.allow"))
    refused = [("node/core", "a.c", s) for s in
               ("socket", "clock_gettime", "getrandom", "fopen", "uv_run", "time",
                "crypto_kx_keypair", "randombytes_buf", "crypto_hash_sha256")]
    refused += [("crypto", "noise.c", s) for s in
                ("randombytes_buf", "crypto_kx_keypair", "crypto_box_seal",
                 "crypto_sign_keypair", "crypto_aead_x_keygen", "crypto_pwhash_str")]
    passed = [("crypto", "entropy_os.c", "randombytes_buf"), ("base", "a.c", "memcpy"),
              ("crypto", "sign.c", "crypto_sign_seed_keypair"),
              ("crypto", "sign.c", "crypto_pwhash")]
    return [f"the lint itself lets {r} pass"
            for r in refused if is_allowed(rules, *r)] + \
           [f"the lint itself refuses {p}"
            for p in passed if not is_allowed(rules, *p)]


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("KRING_BUILD_DIR", "")
    own = self_test()
    problems, count = check(build, allow_list(os.path.join(HERE, "symbols.allow")))
    if count == 0:
        problems.append("the archives refer to nothing: wrong folder?")
    for p in own + problems:
        print(p)
    print(f"{(not own) + (not problems)} passed, {bool(own) + bool(problems)} failed")
    return 1 if own or problems else 0


sys.exit(main())
