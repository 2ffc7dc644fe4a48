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
check "what it means is said" grep -q "Talk is not in it" "$work/out"
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
node_stop wren
node_stop otter

# ---- talk --------------------------------------------------------------------

set_up robin heron
kr robin group new Circle --as robin --talk 7 </dev/null >/dev/null 2>&1
node_start robin
node_start heron
check "heron joins" let_in robin heron
printf 'talk of robin\n' | kr robin say Circle --now 2>/dev/null
check "heron has it" until_text heron "talk of robin"
printf 'talk of heron\n' | kr heron say Circle --now 2>/dev/null
check "robin has that" until_text robin "talk of heron"
check "a copy without talk" kr robin backup "$work/short" </dev/null
kr robin backup "$work/long" --with-talk </dev/null >"$work/out" 2>/dev/null
check "talk in a copy is said" grep -q "until you delete the copy" "$work/out"
node_stop robin
mv "$work/robin" "$work/lost-robin"
check "the copy with talk is put back" kr robin restore "$work/long" </dev/null
same "and has it" "$(texts robin)" "talk of robin
talk of heron"
mv "$work/robin" "$work/long-robin"
check "the copy without is put back" kr robin restore "$work/short" </dev/null
same "and has none" "$(texts robin)" ""
node_start robin "$address_robin"
printf 'talk after it\n' | kr heron say Circle --now 2>/dev/null
check "what comes later is read" until_text robin "talk after it"
same "what was left out does not come again" "$(texts robin)" "talk after it"
printf 'robin is back\n' | kr robin say Circle --now >/dev/null 2>&1
waited=0
until texts heron | grep -qxF "robin is back" || [ $waited -ge 100 ]; do
    sleep 1
    waited=$((waited + 1))
done
same "heron reads what robin says then, in order" "$(texts heron)" "talk of robin
talk of heron
talk after it
robin is back"
same "heron reads all of it" "$(kr heron status --json </dev/null |
    grep -o '"unopened":[0-9]*')" '"unopened":0'
same "and so does robin" "$(kr robin status --json </dev/null |
    grep -o '"unopened":[0-9]*')" '"unopened":0'
finish
