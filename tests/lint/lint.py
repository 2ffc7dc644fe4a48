# SPDX-License-Identifier: AGPL-3.0-or-later
"""Style as a test. Each rule is one check; docs/style.md says what they are.

    /usr/bin/python3 tests/lint/lint.py [ROOT]
"""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import lib_contract
import lib_reach
import lib_size
import lib_words
from lib_source import Tree

RULES = {**lib_size.RULES, **lib_reach.RULES, **lib_contract.RULES, **lib_words.RULES}


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(HERE))
    tree = Tree(root)
    passed = failed = 0
    for name, rule in RULES.items():
        found = list(rule(tree))
        for finding in found:
            print(f"{finding} [{name}]")
        passed += not found
        failed += bool(found)
    musts, open_musts = lib_contract.uncited_musts(tree)
    if musts:
        print(f"report: {len(musts) - len(open_musts)} of {len(musts)} MUSTs are cited")
    if open_musts:
        print("report: cited nowhere: " + " ".join(f"P{n}" for n, _ in open_musts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
