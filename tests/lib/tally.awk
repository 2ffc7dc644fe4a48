# SPDX-License-Identifier: AGPL-3.0-or-later
# Reads the output of `ctest -V`; prints what failed, with its last lines, and
# then `total PASSED FAILED`. A test that prints `N passed, N failed` counts by
# those numbers (its last such line); any other counts as one. A test that ended
# badly always has at least one failure, whatever it printed.

# "12: text" is a line of test 12.
/^[0-9]+: / {
    id = $1
    sub(/:$/, "", id)
    line = substr($0, length(id) + 3)
    if (line ~ /^Test timeout computed to be/) {
        lines[id] = 0 # what ctest itself said about the test ends here
        next
    }
    if (line ~ /^[0-9]+ passed, [0-9]+ failed$/) {
        split(line, part, " ")
        ok[id] = part[1]
        bad[id] = part[3]
    }
    said[id, ++lines[id]] = line
    next
}

# " 3/10 Test  #3: unit/test_x ....   Passed    0.00 sec"
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    rest = $0
    sub(/^[^#]*#/, "", rest)
    id = rest
    sub(/:.*/, "", id)
    name = rest
    sub(/^[0-9]+: +/, "", name)
    sub(/[ .].*/, "", name)
    if (/\*\*\*Skipped/) {
        printf "skipped: %s (%s)\n", name, said[id, lines[id]]
        next
    }
    good = / Passed +[0-9.]+ sec/
    if (!(id in ok)) {
        ok[id] = good ? 1 : 0
        bad[id] = 0
    }
    if (!good && bad[id] == 0)
        bad[id] = 1
    total_ok += ok[id]
    total_bad += bad[id]
    if (bad[id] > 0) {
        how = $0
        sub(/^.*\*\*\*/, "", how)
        sub(/ +[0-9.]+ sec.*/, "", how)
        printf "failed: %s%s\n", name, good ? "" : " (" how ")"
        from = lines[id] > 40 ? lines[id] - 39 : 1
        for (i = from; i <= lines[id]; i++)
            printf "    %s\n", said[id, i]
    }
}

END {
    printf "total %d %d\n", total_ok, total_bad
}
