#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# A used, expired, mistyped, cut-off or foreign invitation: its own sentence each.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

set_up otter wren
kr otter group new Circle --as Otter </dev/null >/dev/null 2>&1
node_start otter
line=$(kr otter invite Circle --open 2>/dev/null)
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
refuses "a used invitation" 65 "This code is finished" \
    kr heron join --as Heron --wait 20 <<<"$line"
refuses "one's own group" 65 "in this group already" kr wren join --as Wren <<<"$line"
line=$(kr otter invite Circle --open 2>/dev/null)
node_stop otter
refuses "nobody there" 75 "Nobody let you in yet" \
    kr heron join --as Heron --wait 1 <<<"$line"
refuses "a wrong number of seconds" 64 "--wait" \
    kr heron join --as Heron --wait soon <<<"$line"

# ---- an expired invitation: the steward's clock is ahead ---------------------------
cat >"$work/ahead.c" <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t)
{
    int (*real)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, t);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        t->tv_sec += strtol(getenv("AHEAD_HOURS"), 0, 10) * 3600;
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
export AHEAD_HOURS=30
if cc -shared -fPIC -o "$work/ahead.so" "$work/ahead.c" -ldl 2>/dev/null &&
    LD_PRELOAD=$work/ahead.so "$KRING_BIN" --version >/dev/null 2>&1; then
    set_up robin
    # A start believes a clock for one day at most: so two of them.
    LD_PRELOAD=$work/ahead.so kr otter groups </dev/null >/dev/null 2>&1
    export LD_PRELOAD=$work/ahead.so AHEAD_HOURS=60
    # shellcheck disable=SC2154
    node_start otter "$address_otter"
    unset LD_PRELOAD
    refuses "an expired invitation" 65 "This code is finished" \
        kr robin join --as Robin --wait 20 <<<"$line"
else
    echo "left out: an expired invitation needs a compiler and a preloaded clock"
fi
finish
