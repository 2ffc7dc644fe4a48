# SPDX-License-Identifier: AGPL-3.0-or-later
# shellcheck shell=bash
# Part of the e2e scripts: people with profiles in a folder that goes at the end,
# checks that count, and kring as they run it.
set -euo pipefail

: "${KRING_BIN:?the program to test}"
passed=0 failed=0
work=$(mktemp -d /tmp/kring-e2e-XXXXXX)
nodes=()
unset KRING_HOME XDG_DATA_HOME XDG_RUNTIME_DIR LANGUAGE LC_ALL
export LANG=C.UTF-8
PYTHON=/usr/bin/python3

# end_process PID: ask, wait up to five seconds, insist.
end_process() {
    kill -TERM "$1" 2>/dev/null || return 0
    for _ in $(seq 50); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

cleanup() {
    local pid
    for pid in ${nodes[@]+"${nodes[@]}"}; do
        end_process "$pid"
    done
    rm -rf "$work"
}
trap cleanup EXIT

finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

ok() {
    passed=$((passed + 1))
    printf 'ok   %s\n' "$1"
}

bad() {
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$1"
    [ -z "${2-}" ] || printf '%s\n' "$2" | head -n 20 | sed 's/^/     /'
}

# check NAME COMMAND...: the command succeeds.
check() {
    local name=$1 out
    shift
    if out=$("$@" 2>&1); then ok "$name"; else bad "$name" "$out"; fi
}

# same NAME GOT WANTED
same() {
    if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "got: $2
wanted: $3"; fi
}

# person NAME: a home and a passphrase file.
person() {
    printf 'able acorn acrobat active actor %s\n' "$1" >"$work/$1.words"
    chmod 600 "$work/$1.words"
}

# kr NAME ARGUMENTS...: kring as NAME runs it.
kr() {
    local who=$1
    shift
    "$KRING_BIN" --home "$work/$who" --passphrase-file "$work/$who.words" "$@"
}

# kr_behind NAME ARGUMENTS...: the same in the background; $! is kring itself.
kr_behind() {
    local who=$1
    shift
    exec "$KRING_BIN" --home "$work/$who" --passphrase-file "$work/$who.words" "$@"
}

set_up() {
    local who
    for who in "$@"; do
        person "$who"
        kr "$who" init --language en --light </dev/null >/dev/null 2>"$work/err" ||
            { cat "$work/err"; return 1; }
    done
}

# node_start NAME [HOST:PORT]: a node on loopback; its process id is in node_NAME, its
# address in address_NAME.
node_start() {
    local who=$1 pid
    kr_behind "$who" node --listen "${2-127.0.0.1:0}" </dev/null \
        >"$work/$who.node" 2>"$work/$who.log" &
    pid=$!
    nodes+=("$pid")
    for _ in $(seq 100); do
        grep -q 127.0.0.1: "$work/$who.node" 2>/dev/null && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    printf -v "node_$who" %s "$pid"
    printf -v "address_$who" %s \
        "$(grep -o '127\.0\.0\.1:[0-9]*' "$work/$who.node" | head -n 1)"
    grep -q 127.0.0.1: "$work/$who.node" || { cat "$work/$who.log"; return 1; }
}

node_stop() {
    local name=node_$1
    end_process "${!name}"
}

# let_in STEWARD NAME: NAME joins Circle by an invitation of STEWARD.
let_in() {
    local line
    if ! line=$(kr "$1" invite Circle --open </dev/null 2>"$work/err") ||
        ! kr "$2" join --as "$2" <<<"$line" >/dev/null 2>"$work/err"; then
        cat "$work/err"
        return 1
    fi
}

# texts NAME: the texts NAME sees, one a line, in order.
texts() {
    kr "$1" read Circle --json </dev/null | $PYTHON -c '
import json, sys
for line in sys.stdin:
    print(json.loads(line)["text"])'
}

# until_text NAME TEXT: wait up to fifteen seconds.
until_text() {
    for _ in $(seq 75); do
        texts "$1" | grep -qxF "$2" && return 0
        sleep 0.2
    done
    return 1
}

# refuses NAME CODE SENTENCE COMMAND...: standard input goes to the command.
refuses() {
    local name=$1 code=$2 sentence=$3 got=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" || got=$?
    if [ "$got" -ne "$code" ]; then
        bad "$name: exit code $got, $code wanted" "$(cat "$work/err")"
    elif ! grep -qF -- "$sentence" "$work/err"; then
        bad "$name: other words" "$(cat "$work/err")"
    else
        ok "$name"
    fi
}
