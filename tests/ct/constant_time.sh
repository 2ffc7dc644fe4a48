#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Branches and indexes that hang on secrets, found by valgrind; and two that are put
# there on purpose, so that it is known to find them.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${KRING_BUILD_DIR:?the build folder}/tests/ct/constant_time
log=$(mktemp /tmp/kring-ct-XXXXXX)
trap 'rm -f "$log"' EXIT
passed=0 failed=0

under_valgrind() {
    valgrind --quiet --error-exitcode=0 --leak-check=no --num-callers=8 \
        --suppressions="$folder/libsodium.supp" "$program" "$@" >"$log" 2>&1 || true
}

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

bad() {
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$1"
    head -n 40 "$log" | sed 's/^/     /'
}

under_valgrind
while read -r verdict name; do
    case $verdict in
    ok) ok "$name" ;;
    FAIL) bad "$name" ;;
    esac
done < <(grep -E '^(ok|FAIL) ' "$log")
grep -qE '^[0-9]+ passed, 0 failed$' "$log" || bad "the program ends well"
! grep -qE '^==' "$log" || bad "valgrind has nothing else to say"

under_valgrind --leak
for mistake in "a branch on a secret" "an index by a secret"; do
    if grep -qF "FAIL $mistake: hangs on the secret" "$log"; then
        ok "$mistake is found"
    else
        bad "$mistake is found"
    fi
done
same=$(grep -c '^FAIL ' "$log" || true)
if [ "$same" -eq 2 ]; then ok "nothing else is"; else bad "nothing else is"; fi

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
