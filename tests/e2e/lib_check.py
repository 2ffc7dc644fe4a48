# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checks that are counted, as `same` and `has` of lib.sh are."""
import sys

passed = failed = 0


def check(name, good, more=""):
    """Say and count one; `more` helps who looks for the cause."""
    global passed, failed
    passed += bool(good)
    failed += not good
    print(("ok   " if good else "FAIL ") + name, flush=True)
    if not good and more:
        print("     " + str(more)[-1500:].replace("\n", "\n     "))


def finish():
    """Print the counts; the test fails if one check did, or if there was none."""
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)
