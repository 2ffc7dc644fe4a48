#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# One damaged byte anywhere in a small profile: it is named, doctor mends it, and the
# others give back what is missing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

set_up otter wren
kr otter group new Circle --as otter --kept </dev/null >/dev/null 2>&1
check "a healthy store is said to be" \
    grep -q "All is well" <(kr otter doctor </dev/null)
node_start otter
node_start wren
check "wren joins" let_in otter wren
for i in 1 2 3 4 5 6; do
    printf 'text %d\n' "$i" | kr otter say Circle --now 2>/dev/null
done
printf 'from wren\n' | kr wren say Circle --now 2>/dev/null
check "wren has them" until_text wren "text 6"
check "otter has them" until_text otter "from wren"
refuses "not while kring is open" 75 "kring is already open here" \
    kr wren doctor </dev/null
node_stop wren
node_stop otter
all=$(texts wren)

# flip FILE OFFSET: change one byte.
flip() {
    $PYTHON - "$1" "$2" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    b = f.read(1)
    f.seek(int(sys.argv[2]))
    f.write(bytes([b[0] ^ 1]))
PY
}

# ---- every page ----------------------------------------------------------------

pages=$(($(stat -c %s "$work/wren/data") / 4096))
check "more than a few pages" test "$pages" -ge 15
cp -a "$work/wren" "$work/whole"
cp "$work/wren.words" "$work/page.words"
unmended='' lossless=0 named=0
for page in $(seq 0 $((pages - 1))); do
    rm -rf "$work/page"
    cp -a "$work/whole" "$work/page"
    flip "$work/page/data" $((page * 4096 + (page * 997) % 4096))
    if ! kr page doctor --json </dev/null >"$work/out" 2>"$work/err"; then
        unmended="$unmended $page"
        continue
    fi
    grep -q '"pages_damaged":1' "$work/out" && named=$((named + 1))
    if [ "$(texts page 2>/dev/null)" = "$all" ]; then
        lossless=$((lossless + 1))
    elif ! texts page >/dev/null 2>&1; then
        unmended="$unmended $page(read)"
    fi
done
same "every page can be mended" "$unmended" ""
same "every page is named" "$named" "$pages"
check "most cost nothing at all" test "$lossless" -ge $((pages * 2 / 3))
printf '     %d pages, %d of them without loss\n' "$pages" "$lossless"

# ---- what a person sees, and going on ----------------------------------------------

# The page that costs texts: any after which some are missing.
for page in $(seq 0 $((pages - 1))); do
    rm -rf "$work/wren"
    cp -a "$work/whole" "$work/wren"
    flip "$work/wren/data" $((page * 4096 + 77))
    kr wren doctor </dev/null >"$work/out" 2>"$work/err"
    grep -q "lost here" "$work/out" && break
done
check "what is lost is counted" \
    grep -qE "[0-9]+ texts? (was|were) lost here" "$work/out"
check "what is safe is counted" grep -q "Safe: 1 group" "$work/out"
check "where the damaged file is, is said" \
    grep -q "$work/wren/data-damaged-1" "$work/out"
check "it is there, as it was" test -s "$work/wren/data-damaged-1"
check "then all is well" grep -q "All is well" <(kr wren doctor </dev/null)
printf 'after the mending\n' >"$work/text"
check "what is said now waits" kr wren say Circle --now <"$work/text"
node_start otter "$address_otter"
node_start wren "$address_wren"
waited=0
until texts otter | grep -qxF "after the mending" || [ $waited -ge 100 ]; do
    sleep 1
    waited=$((waited + 1))
done
same "otter reads what wren says then" "$(texts otter)" "$all
after the mending"
same "wren holds as many as otter" \
    "$(kr wren read Circle --json </dev/null | wc -l)" \
    "$(kr otter read Circle --json </dev/null | wc -l)"
node_stop wren
node_stop otter

# ---- the key file ----------------------------------------------------------------

hit=0 healed=0 closed=0
for at in 5 40 140 240 340 440 540 640 740; do
    rm -rf "$work/page"
    cp -a "$work/whole" "$work/page"
    flip "$work/page/slots" "$at"
    got=0
    kr page doctor </dev/null >"$work/out" 2>"$work/err" || got=$?
    if [ "$got" -eq 77 ] && grep -q "only a copy helps" "$work/err"; then
        closed=$((closed + 1)) # the salt, or the slot in use
    elif [ "$got" -eq 0 ] &&
        grep -q "file that opens kring was damaged" "$work/out"; then
        hit=$((hit + 1))
        cmp -s "$work/page/slots" "$work/whole/slots" && healed=$((healed + 1))
    fi
done
same "every part of the key file is noticed" "$((hit + closed))" 9
same "seven of eight slots do not matter" "$closed $healed" "2 7"
head -c 700 "$work/whole/slots" >"$work/page/slots"
refuses "a key file cut off" 74 "Only a copy helps" kr page doctor </dev/null

# ---- what cannot be mended ---------------------------------------------------------

rm -rf "$work/page"
cp -a "$work/whole" "$work/page"
head -c "$(stat -c %s "$work/page/data")" /dev/urandom >"$work/noise"
cp "$work/noise" "$work/page/data"
refuses "a damaged store names doctor" 74 "Type: kring doctor" \
    kr page groups </dev/null
refuses "noise cannot be mended" 74 "damaged too much" kr page doctor </dev/null
check "and is left as it was" cmp "$work/noise" "$work/page/data"
rm "$work/page/data"
refuses "a store that is gone" 74 "damaged too much" kr page doctor </dev/null
finish
