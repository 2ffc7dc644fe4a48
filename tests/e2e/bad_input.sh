#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Every bad input: its own sentence, the right exit code, nothing lost.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# refuses NAME CODE SENTENCE COMMAND...: standard input goes to the command.
refuses() {
    local name=$1 code=$2 sentence=$3 got=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" || got=$?
    if [ "$got" -ne "$code" ]; then
        bad "$name: exit code $got, $code wanted" "$(cat "$work/err")"
    elif ! grep -qF "$sentence" "$work/err"; then
        bad "$name: other words" "$(cat "$work/err")"
    else
        ok "$name"
    fi
}

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
    '{"error":"ERR_PASSPHRASE","text":"That did not work."}'
chmod 644 "$work/otter.words"
kr otter groups </dev/null >/dev/null 2>"$work/err" || true
check "a passphrase file that others can read" grep -q "Others can read" "$work/err"
chmod 600 "$work/otter.words"

# ---- groups and names ------------------------------------------------------------
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

# ---- texts ------------------------------------------------------------------------
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

# ---- invitations ---------------------------------------------------------------------
line=$(kr otter invite Circle 2>/dev/null)
refuses "join without a name" 64 "--as" kr wren join <<<"$line"
refuses "no invitation" 65 "no invitation" kr wren join --as Wren </dev/null
refuses "a foreign invitation" 65 "not a kring code" \
    kr wren join --as Wren <<<"https://example.org/join/1234"
refuses "a cut-off invitation" 65 "cut off" kr wren join --as Wren <<<"${line:0:80}"
case ${line:40:1} in a) other=b ;; *) other=a ;; esac
refuses "a mistyped invitation" 65 "typing mistake" \
    kr wren join --as Wren <<<"${line:0:40}$other${line:41}"
refuses "nothing of them stays" 66 "no such group" kr wren read Circle </dev/null
check "the good invitation still works" kr wren join --as Wren --wait 20 <<<"$line"
set_up heron
refuses "a used invitation" 65 "used already" \
    kr heron join --as Heron --wait 20 <<<"$line"
refuses "one's own group" 65 "in this group already" kr wren join --as Wren <<<"$line"
line=$(kr otter invite Circle 2>/dev/null)
node_stop otter
refuses "nobody there" 75 "Nobody let you in yet" \
    kr heron join --as Heron --wait 1 <<<"$line"
refuses "a wrong number of seconds" 64 "--wait" \
    kr heron join --as Heron --wait soon <<<"$line"

# ---- a full disk, a read-only one -----------------------------------------------------
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    cat >"$work/mounts.sh" <<'EOF'
bin=$1 work=$2
mkdir -p "$work/small" "$work/ro"
mount -t tmpfs -o size=600k none "$work/small"
"$bin" --home "$work/small/full" --passphrase-file "$work/otter.words" \
    init --language en --light </dev/null >/dev/null 2>"$work/full.first"
echo "init $?" >"$work/full.codes"
"$bin" --home "$work/small/full" --passphrase-file "$work/otter.words" \
    group new Circle --as Otter </dev/null >/dev/null 2>&1
echo "group $?" >>"$work/full.codes"
printf before | "$bin" --home "$work/small/full" \
    --passphrase-file "$work/otter.words" say Circle >/dev/null 2>&1
echo "say $?" >>"$work/full.codes"
dd if=/dev/zero of="$work/small/fill" bs=1k 2>/dev/null
head -c 60000 /dev/zero | tr '\0' c | "$bin" --home "$work/small/full" \
    --passphrase-file "$work/otter.words" say Circle >/dev/null 2>"$work/full.err"
echo "full $?" >>"$work/full.codes"
rm "$work/small/fill"
"$bin" --home "$work/small/full" --passphrase-file "$work/otter.words" \
    read Circle --json </dev/null >"$work/full.read" 2>&1
echo "read $?" >>"$work/full.codes"
mount --bind "$work/otter" "$work/ro"
mount -o remount,ro,bind "$work/ro"
printf x | "$bin" --home "$work/ro" --passphrase-file "$work/otter.words" \
    say Circle >/dev/null 2>"$work/ro.err"
echo "ro $?" >>"$work/full.codes"
"$bin" --home "$work/ro/new" --passphrase-file "$work/otter.words" \
    init --language en --light </dev/null >/dev/null 2>>"$work/ro.err"
echo "roinit $?" >>"$work/full.codes"
EOF
    unshare -m bash "$work/mounts.sh" "$KRING_BIN" "$work"
    codes=$(paste -sd' ' "$work/full.codes")
    same "codes of a full and of a read-only disk" "$codes" \
        "init 0 group 0 say 0 full 74 read 0 ro 77 roinit 77"
    check "a full disk is named" grep -q "The disk is full" "$work/full.err"
    check "nothing is lost on a full disk" grep -q '"text":"before"' "$work/full.read"
    check "a read-only store is named" grep -q "cannot be written to" "$work/ro.err"
else
    echo "left out: full and read-only disks need a mount namespace"
fi

# ---- an expired invitation: the steward's clock is ahead ---------------------------
cat >"$work/ahead.c" <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
static const long ahead_s = 30 * 3600;
int clock_gettime(clockid_t id, struct timespec *t)
{
    int (*real)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, t);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        t->tv_sec += ahead_s;
    return r;
}
int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec s;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &s);
    t->tv_sec = s.tv_sec;
    t->tv_usec = s.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out)
{
    struct timespec s;
    clock_gettime(CLOCK_REALTIME, &s);
    if (out)
        *out = s.tv_sec;
    return s.tv_sec;
}
EOF
if cc -shared -fPIC -o "$work/ahead.so" "$work/ahead.c" -ldl 2>/dev/null &&
    LD_PRELOAD=$work/ahead.so "$KRING_BIN" --version >/dev/null 2>&1; then
    set_up robin
    # A start moves the hour by a day at most: so two of them.
    LD_PRELOAD=$work/ahead.so kr otter groups </dev/null >/dev/null 2>&1
    export LD_PRELOAD=$work/ahead.so
    node_start otter "$address_otter"
    unset LD_PRELOAD
    refuses "an expired invitation" 65 "This code is finished" \
        kr robin join --as Robin --wait 20 <<<"$line"
else
    echo "left out: an expired invitation needs a compiler and a preloaded clock"
fi
finish
