#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# A copy made while kring runs, put back elsewhere: it goes on, and catches up.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

set_up otter wren
kr otter group new Circle --as otter --kept </dev/null >/dev/null 2>&1
node_start otter
node_start wren
check "wren joins" let_in otter wren
printf 'before the copy\n' | kr otter say Circle --now 2>/dev/null
check "wren has it" until_text wren "before the copy"

# ---- the copy --------------------------------------------------------------

(cd "$work" && kr otter backup copy </dev/null >"$work/out" 2>"$work/err") ||
    cat "$work/err"
check "a copy while kring runs" test -s "$work/copy"
check "what it means is said" grep -q "until you delete the copy" "$work/out"
check "and that it stays" grep -q "Erasing here does not erase the copy" "$work/out"
same "for the owner only" "$(stat -c %a "$work/copy")" 600
same "nothing is left beside" "$(find "$work" -name 'copy.*' | wc -l)" 0
refuses "nothing is written over" 65 "There is a file of that name" \
    kr otter backup "$work/copy" </dev/null
refuses "no such folder" 66 "There is no such folder" \
    kr otter backup "$work/nowhere/copy" </dev/null
node_stop wren
check "a copy while kring is closed" kr wren backup "$work/copy2" </dev/null
check "it looks like noise" $PYTHON - "$work/copy" <<'PY'
import sys, zlib
data = open(sys.argv[1], "rb").read()
assert len(zlib.compress(data, 9)) > len(data), "it can be squeezed"
assert b"kring" not in data and b"SQLite" not in data
PY

# ---- what came later ---------------------------------------------------------

node_start wren
printf 'after the copy\n' | kr otter say Circle --now 2>/dev/null
check "wren has that too" until_text wren "after the copy"
node_stop otter
mv "$work/otter" "$work/lost-otter" # the device is gone

# ---- put back ----------------------------------------------------------------

refuses "not into what is there" 65 "There is something here already" \
    kr wren restore "$work/copy" </dev/null
refuses "not from nothing" 66 "The copy was not found" \
    kr otter restore "$work/nothing" </dev/null
head -c 5000 /dev/urandom >"$work/noise"
refuses "not from noise" 65 "This is no copy made by kring" \
    kr otter restore "$work/noise" </dev/null
printf 'able acorn acrobat active actor heron\n' >"$work/other.words"
refuses "not with other words" 77 "That did not work" "$KRING_BIN" \
    --home "$work/otter" --passphrase-file "$work/other.words" \
    restore "$work/copy" </dev/null
cp "$work/copy" "$work/bad"
$PYTHON - "$work/bad" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(20000)
    b = f.read(1)
    f.seek(20000)
    f.write(bytes([b[0] ^ 1]))
PY
refuses "not a changed copy" 74 "This copy is damaged" \
    kr otter restore "$work/bad" </dev/null
same "a failed restore leaves nothing" \
    "$(find "$work" -name 'otter*' -type d | wc -l)" 0
check "restore" kr otter restore "$work/copy" </dev/null
same "what was said before is there" "$(texts otter)" "before the copy"
check "doctor is content" grep -q "All is well" <(kr otter doctor </dev/null)
same "nothing is left beside" "$(find "$work" -name '*.restoring' | wc -l)" 0

# It rests first, learns what it lacks, makes new keys, and then sends what waits.
printf 'I am back\n' | kr otter say Circle --now >/dev/null 2>"$work/err"
same "it does not seal at once" "$(texts wren | tail -n 1)" "after the copy"
node_start otter "$address_otter"
check "it gets its own later text" until_text otter "after the copy"
waited=0
until texts wren | grep -qxF "I am back" || [ $waited -ge 100 ]; do
    sleep 1
    waited=$((waited + 1))
done
same "wren reads what it says then" "$(texts wren)" "before the copy
after the copy
I am back"
same "wren reads all of it" "$(kr wren status --json </dev/null |
    grep -o '"unopened":[0-9]*')" '"unopened":0'
finish
