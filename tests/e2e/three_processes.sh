#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# The main job: A writes while C is off, A stops, C starts and has everything from B.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

set_up otter wren heron
same "about-me before any group" "$(kr otter about-me </dev/null)" \
    "0 names, 0 groups, 0 real names"
check "group new" kr otter group new Circle --as otter --talk 7 </dev/null
same "about-me" "$(kr otter about-me </dev/null)" \
    "1 name (otter), 1 group, 0 real names"
node_start otter
node_start wren
node_start heron
check "wren joins while the nodes run" let_in otter wren
check "heron joins while the nodes run" let_in otter heron
same "roles" "$(kr heron members Circle --json </dev/null | $PYTHON -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
print(sorted((r["name"], r["role"]) for r in rows))')" \
    "[('heron', 'member'), ('otter', 'keeper'), ('wren', 'member')]"
check "the header says which clock runs" \
    grep -qxF 'Circle [talk, gone in 7 days]' <(kr heron read Circle </dev/null)

printf 'first\n' | kr otter say Circle 2>"$work/err"
same "sent is said" "$(cat "$work/err")" "Sent."
check "everybody is here before anybody goes" until_text heron first
node_stop heron
for i in 1 2 3 4 5 6 7 8; do
    printf 'while you were away %d\n' "$i" | kr otter say Circle --now 2>/dev/null
done
check "wren has them" until_text wren "while you were away 8"
node_stop otter
node_start heron
check "heron gets them from wren" until_text heron "while you were away 8"
same "all of them, in order" "$(texts heron)" "first
$(printf 'while you were away %d\n' 1 2 3 4 5 6 7 8)"
same "what was read is read" "$(kr heron groups --json </dev/null |
    grep -o '"unread":[0-9]*')" '"unread":0'

# A reply goes the other way, when otter is back.
printf 'welcome back\n' | kr heron say Circle 2>/dev/null
node_start otter
check "otter gets heron's text" until_text otter "welcome back"
same "the same order everywhere" "$(texts otter)" "$(texts heron)"

# read --follow shows what comes, and stops on SIGTERM.
kr_behind wren read Circle --follow --json </dev/null >"$work/follow" 2>/dev/null &
follow=$!
nodes+=("$follow")
sleep 0.5
printf 'live\n' | kr otter say Circle 2>/dev/null
for i in $(seq 50); do
    grep -q '"text":"live"' "$work/follow" && break
    sleep 0.1
done
check "follow shows a new text" grep -q '"text":"live"' "$work/follow"
end_process "$follow"

# Without a node the store is opened directly; the text waits for the next run.
node_stop wren
printf 'from a closed kring\n' | kr wren say Circle 2>"$work/err"
same "kept, not sent, is said" "$(cat "$work/err")" \
    "Kept here. It goes out when kring is open."
node_start wren
check "it goes out when kring is open" until_text otter "from a closed kring"
check "status for programs" $PYTHON -c '
import json, sys
row = json.loads(sys.argv[1])
assert row["running"] and row["groups"] == 1 and row["links"] >= 1, row
' "$(kr wren status --json </dev/null)"

# One's own name can be changed; the others see the new one.
check "rename" kr wren rename Circle --as Sparrow </dev/null
for i in $(seq 50); do
    kr otter members Circle --json </dev/null | grep -q '"name":"Sparrow"' && break
    sleep 0.2
done
same "the new name is there, the old one gone" "$(kr otter members Circle --json \
    </dev/null | grep -oE '"name":"(Sparrow|wren)"')" '"name":"Sparrow"'
finish
