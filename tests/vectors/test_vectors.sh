#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The published vectors: 720 of Noise (those with X25519, ChaCha20-Poly1305 and a hash
# that kring has) from golang-github-flynn-noise-dev, and HPKE's of RFC 9180. Also
# checks that kring-vectors itself can fail.
#     KRING_VECTORS=.../kring-vectors bash test_vectors.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
noise=/usr/share/gocode/src/github.com/flynn/noise/vectors.txt
noise_applicable=720
hpke_checks=18
passed=0 failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ ! -e "$noise" ]; then
    echo "skipped: $noise is missing (package golang-github-flynn-noise-dev)"
    exit 77
fi

# numbers KIND FILE: the last line of kring-vectors as three numbers; the rest is shown
# when SHOW is set.
numbers() {
    local out last
    out=$("$KRING_VECTORS" "$1" "$2" 2>&1) || true
    last=$(tail -n 1 <<<"$out")
    [ -z "${SHOW-}" ] || head -n -1 <<<"$out" >&2
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        echo "${BASH_REMATCH[@]:1}"
    else
        echo "0 1 0"
    fi
}

# count KIND FILE EXPECTED: every expected check counts; a missing one is a failure.
count() {
    local ok bad rest
    read -r ok bad rest < <(SHOW=1 numbers "$1" "$2")
    if [ "$ok" -ne "$3" ] && [ "$bad" -eq 0 ]; then
        echo "$2: $ok checks, $3 are expected" >&2
        bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
}

# refuses NAME KIND FILE: a file with one wrong digit must fail in one place or more.
refuses() {
    local ok bad rest
    read -r ok bad rest < <(numbers "$2" "$3")
    if [ "$bad" -gt 0 ]; then
        passed=$((passed + 1))
    else
        echo "a wrong vector passes: $1" >&2
        failed=$((failed + 1))
    fi
}

count noise "$noise" "$noise_applicable"
count hpke "$here/hpke-rfc9180.txt" "$hpke_checks"

# The first vector of kring's pattern, with the last digit of its last message changed.
awk 'BEGIN { RS = ""; ORS = "\n\n" } /=Noise_XKpsk3_25519_ChaChaPoly_SHA256/' "$noise" |
    awk 'BEGIN { RS = "" } NR == 1' >"$scratch/good.txt"
sed '$ s/.$/0/' "$scratch/good.txt" >"$scratch/bad.txt"
cmp -s "$scratch/good.txt" "$scratch/bad.txt" &&
    sed '$ s/.$/1/' "$scratch/good.txt" >"$scratch/bad.txt"
refuses "a transport message" noise "$scratch/bad.txt"
sed 's/^\(preshared_key=\)../\100/' "$scratch/good.txt" >"$scratch/bad.txt"
refuses "a psk" noise "$scratch/bad.txt"
sed 's/^\(value=\)../\1ff/' "$here/hpke-rfc9180.txt" >"$scratch/bad.txt"
refuses "an HPKE export" hpke "$scratch/bad.txt"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
