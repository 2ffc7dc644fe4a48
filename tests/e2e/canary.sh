#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# A canary text and the names that were used are in no file that the processes ever
# opened, not on the wire, not in an argument, the environment or a log.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v strace >/dev/null || { echo "strace is missing"; exit 77; }
canary=zanzibarkanarie
group=Vuurtorenplein
names="$canary $group Purpurreiger Zilverplevier"

# Everything on loopback, whole packets one after the other, while the test runs.
cat >"$work/listen.py" <<'EOF'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
s.bind(("lo", 0))
out = open(sys.argv[1], "wb", buffering=0)
print("ready", flush=True)
while True:
    packet = s.recv(65536)
    if len(packet) > 40 and packet[0] >> 4 == 4 and packet[9] == 6:
        ip = (packet[0] & 15) * 4
        tcp = ip + (packet[ip + 12] >> 4) * 4
        out.write(packet[tcp:])
EOF
$PYTHON "$work/listen.py" "$work/wire" >"$work/listen.out" 2>/dev/null &
listener=$!
nodes+=("$listener")
sleep 0.5
wire=yes
grep -q ready "$work/listen.out" || wire=no

# kring under strace, in place of the program; one log for each run.
mkdir "$work/trace"
cat >"$work/traced" <<EOF
#!/bin/sh
exec strace -D -f -qq -e trace=open,openat,creat -o "$work/trace/\$\$" \\
    "$KRING_BIN" "\$@"
EOF
chmod +x "$work/traced"
real=$KRING_BIN KRING_BIN=$work/traced
"$KRING_BIN" --version >/dev/null 2>&1 || { echo "strace may not trace here"; exit 77; }

set_up otter wren
check "group new" kr otter group new "$group" --as Purpurreiger </dev/null
node_start otter
node_start wren
line=$(kr otter invite "$group" --open 2>/dev/null)
check "join" kr wren join --as Zilverplevier <<<"$line"
printf 'the %s sings\n' "$canary" | kr otter say "$group" 2>/dev/null
found=no
for _ in $(seq 50); do
    if kr wren read "$group" --json </dev/null 2>/dev/null | grep -q "$canary"; then
        found=yes
        break
    fi
    sleep 0.2
done
same "the canary arrived" "$found" yes
# While both run: the log of the last commits is still there.
mkdir "$work/alive"
cp -a "$work/otter" "$work/wren" "$work/alive/" 2>/dev/null || true

# ---- arguments and environment -------------------------------------------------------
secret=$(cut -d' ' -f1-3 "$work/otter.words")
leaked=no
for file in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
    if { tr '\0' ' ' <"$file"; } 2>/dev/null | grep -qF "$secret"; then
        leaked=$file
    fi
done
same "the passphrase is in no argument or environment" "$leaked" no
node_stop wren
node_stop otter
sleep 0.5 # the tracers write their last lines

# ---- files ---------------------------------------------------------------------------
cat "$work/trace"/* | grep -vE ' = -1 ' | grep -oE '"[^"]*"' | tr -d '"' |
    sort -u >"$work/opened"
check "opens were seen" grep -q "$work/otter/data" "$work/opened"
cat >"$work/search.py" <<'EOF'
import os, stat, sys
names = [n.encode() for n in sys.argv[1].split()]
forms = {n: [n, n.decode().encode("utf-16-le"), n[::-1], n.lower(), n.upper()]
         for n in names}
bad = checked = 0
for path in sys.stdin.read().split("\n"):
    try:
        if not path or path.startswith("/proc"):
            continue
        if not stat.S_ISREG(os.stat(path).st_mode):
            continue
        data = open(path, "rb").read()
    except OSError:
        continue
    checked += 1
    for name, many in forms.items():
        if any(form in data for form in many):
            print("found", name.decode(), "in", path)
            bad = 1
print(checked, "files")
sys.exit(bad or checked == 0)
EOF
check "no canary or name in a file that was opened" \
    $PYTHON "$work/search.py" "$names" <"$work/opened"
check "no canary or name in a store that is open" \
    $PYTHON "$work/search.py" "$names" < <(find "$work/alive" -type f)
check "no canary or name in a log" \
    $PYTHON "$work/search.py" "$names" < <(ls "$work"/*.log "$work"/*.node)
# The search itself can find: a file with the canary in it.
printf 'x%sx' "$canary" >"$work/positive"
check "the search finds what is there" bash -c \
    "! echo '$work/positive' | $PYTHON '$work/search.py' '$canary'"
written=$(cat "$work/trace"/* | grep -E 'O_(WRONLY|RDWR|CREAT)|creat\(' |
    grep -vE ' = -1 ' | grep -oE '"[^"]*"' | tr -d '"' | sort -u |
    sed -E "s,^$work/(otter|wren)/,," |
    grep -vE '^(/dev/(null|tty)|/proc/self/.*)$' | sed -E 's/^slots.*$/slots/' |
    sort -u | paste -sd' ')
same "only the store is ever written" "$written" \
    "data data-wal making/data making/data-wal making/slots-new"

# ---- the wire -----------------------------------------------------------------
if [ "$wire" = yes ]; then
    sleep 0.3
    end_process "$listener"
    check "something was on the wire" test "$(stat -c %s "$work/wire")" -gt 2000
    check "no canary or name on the wire" \
        $PYTHON "$work/search.py" "$names" <<<"$work/wire"
else
    echo "left out: listening on the wire needs root"
fi
KRING_BIN=$real
finish
