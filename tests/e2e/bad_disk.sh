#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# A full disk and a read-only one: said, and nothing is lost.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
    echo "full and read-only disks need a mount namespace"
    exit 77
fi
set_up otter
kr otter group new Circle --as Otter </dev/null >/dev/null 2>&1
cat >"$work/mounts.sh" <<'EOF'
bin=$1 work=$2
mkdir -p "$work/small" "$work/ro"
mount -t tmpfs -o size=1m none "$work/small"
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
finish
