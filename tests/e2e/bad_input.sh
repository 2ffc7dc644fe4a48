#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Every bad input: its own sentence, the right exit code, nothing lost.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

person nobody
refuses "nothing is set up" 66 "Type: kring init" kr nobody groups </dev/null
refuses "init without a language" 64 "--language" kr nobody init </dev/null
refuses "init without a passphrase" 64 "--passphrase-file" \
    "$KRING_BIN" --home "$work/nobody" init --language en </dev/null
check "a refused init leaves nothing" test ! -e "$work/nobody/slots"
refuses "an unknown language" 64 "en or nl" kr nobody init --language xx </dev/null
refuses "an unknown option" 64 "--nonsense" kr nobody groups --nonsense </dev/null
refuses "an unknown command" 64 "nonsense" kr nobody nonsense </dev/null

set_up otter wren
refuses "init twice" 65 "set up here already" \
    kr otter init --language en --light </dev/null
refuses "no passphrase and no terminal" 64 "--passphrase-file" \
    "$KRING_BIN" --home "$work/otter" groups </dev/null
refuses "no passphrase file" 66 "cannot be read" "$KRING_BIN" --home "$work/otter" \
    --passphrase-file "$work/none" groups </dev/null
printf 'not the right words\n' >"$work/wrong"
chmod 600 "$work/wrong"
refuses "a wrong passphrase" 77 "That did not work." "$KRING_BIN" --home "$work/otter" \
    --passphrase-file "$work/wrong" groups </dev/null
same "a wrong passphrase tells nothing else" "$(cat "$work/out" "$work/err")" \
    "That did not work."
same "errors for programs" "$("$KRING_BIN" --home "$work/otter" --json \
    --passphrase-file "$work/wrong" groups </dev/null 2>&1 || true)" \
    '{"format":1,"error":"ERR_PASSPHRASE","exit":77,"text":"That did not work."}'
chmod 644 "$work/otter.words"
kr otter groups </dev/null >/dev/null 2>"$work/err" || true
check "a passphrase file that others can read" grep -q "Others can read" "$work/err"
chmod 600 "$work/otter.words"

# ---- groups and names ---------------------------------------------------------
refuses "a group without a name for oneself" 64 "--as" \
    kr otter group new Circle </dev/null
refuses "a group without a name" 64 "NAME" kr otter group new --as Otter </dev/null
refuses "a wrong number of days" 64 "1, 7 or 30" \
    kr otter group new Circle --as Otter --talk 3 </dev/null
refuses "a name that is too long" 65 "too long" kr otter group new Circle \
    --as "$(printf 'o%.0s' $(seq 41))" </dev/null
refuses "a name with broken letters" 65 "broken letters" \
    kr otter group new Circle --as $'Ott\xff' </dev/null
refuses "a name with hidden signs" 65 "cannot be in a name" \
    kr otter group new Circle --as $'Ott\e[1mer' </dev/null
refuses "an empty name" 65 "at least one letter" \
    kr otter group new Circle --as ' ' </dev/null
kr otter group new Circle --as Otter </dev/null >/dev/null 2>&1
refuses "a group that is not there" 66 "no such group" kr otter read Square </dev/null

# ---- texts ------------------------------------------------------------------
refuses "no text" 65 "Write something first" kr otter say Circle </dev/null
head -c 65537 /dev/zero | tr '\0' a >"$work/long"
refuses "a text over 64 KiB" 65 "over 64 KiB" kr otter say Circle <"$work/long"
printf 'broken \xff letters' >"$work/broken"
refuses "invalid UTF-8" 65 "UTF-8" kr otter say Circle <"$work/broken"
printf 'kept\n' | kr otter say Circle 2>/dev/null
same "a good text goes in all the same" "$(texts otter)" "kept"
head -c 60000 /dev/zero | tr '\0' b >"$work/big"
check "a text of 60,000 letters goes" kr otter say Circle <"$work/big"

# ---- addresses, one store twice ----------------------------------------------------
refuses "--listen without an address" 64 "--listen" kr otter node --listen </dev/null
refuses "an address that is none" 68 "address" \
    kr otter node --listen nowhere.invalid:1 </dev/null
node_start otter
refuses "a store in use" 75 "open here" kr otter node --listen 127.0.0.1:0 </dev/null
# shellcheck disable=SC2154
refuses "an address in use" 75 "uses that address" \
    kr wren node --listen "$address_otter" </dev/null
finish
