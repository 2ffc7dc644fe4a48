# SPDX-License-Identifier: AGPL-3.0-or-later
# Reads the log of one libFuzzer target: how often it ran, and which edges it reached.
#     awk -v name=fuzz_x -f fuzz.awk LOG

/^INFO: Loaded .* inline 8-bit counters/ {
    match($0, /\([0-9]+ inline/)
    edges = substr($0, RSTART + 1, RLENGTH - 8)
}
/^#[0-9]+/ {
    for (i = 2; i < NF; i++)
        if ($i == "cov:")
            reached = $(i + 1)
}
/^stat::number_of_executed_units:/ { runs = $2 }
/^stat::average_exec_per_sec:/ { speed = $2 }

END {
    printf "  %-18s %9d runs %7d/s %6d of %d edges\n", name, runs, speed, reached, edges
}
