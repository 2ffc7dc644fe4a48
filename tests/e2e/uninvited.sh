#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Somebody uninvited who has the address gets not one byte, and is not hung up on.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

set_up otter
kr otter group new Circle --as Otter </dev/null >/dev/null 2>&1
node_start otter

# silent NAME HOW: connect, send HOW, listen five seconds.
cat >"$work/probe.py" <<'EOF'
import os, select, socket, sys, time
host, port = sys.argv[1].split(":")
probes = {
    "nothing": b"",
    "one byte": b"x",
    "a web request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "noise, as long as a first message": os.urandom(192),
    "much noise": os.urandom(4096),
    "zeros": bytes(192),
}
socks = {}
for name, first in probes.items():
    s = socket.create_connection((host, int(port)), 5)
    s.sendall(first)
    socks[s] = name
bad = {}
end = time.time() + 5.2
while time.time() < end:
    ready, _, _ = select.select(list(socks), [], [], max(0, end - time.time()))
    for s in ready:
        try:
            got = s.recv(4096)
        except ConnectionError as e:
            got = None
        bad[socks.pop(s)] = "closed early" if not got else f"{len(got)} bytes of answer"
    if not socks:
        break
for name in probes:
    print(("FAIL " if name in bad else "ok   ") + name, bad.get(name, ""))
sys.exit(bool(bad))
EOF
# shellcheck disable=SC2154
if out=$($PYTHON "$work/probe.py" "$address_otter"); then
    while read -r _ name; do ok "silence for: $name"; done <<<"$out"
else
    bad "somebody uninvited was answered" "$out"
fi
check "the node still runs" kr otter status </dev/null

# Another profile that was never let in: it dials by an invitation of another group.
set_up stranger
kr stranger group new Other --as Stranger </dev/null >/dev/null 2>&1
same "no connection stands" "$(kr otter status --json </dev/null |
    grep -o '"links":[0-9]*')" '"links":0'
finish
