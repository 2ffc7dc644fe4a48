#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# The word lists people read to each other: en.txt and nl.txt (1,024 words each, ten
# bits a word) and the names suggested to newcomers. Every rule that a machine can
# check is checked here, and every rule is shown a bad list first, which it must
# refuse. Prints `N passed, N failed`; ends with 1 when something failed.

LC_ALL=C
export LC_ALL
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
words=$here/../../cli/words
forbidden=$here/words-forbidden.txt
passed=0
failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# ---- rules: each takes a file and prints one line for each fault ------------------

rule_count() { # file, wanted
    n=$(wc -l <"$1" | tr -d ' ')
    [ "$n" -eq "$2" ] || echo "$n lines, $2 wanted"
    [ -z "$(tail -c 1 "$1")" ] || echo "no newline at the end"
}

rule_sorted() {
    sort -c "$1" 2>&1 | sed 's/^.*disorder/disorder/'
}

rule_unique() { # two names that differ only in capitals are one name
    tr 'A-Z' 'a-z' <"$1" | sort | uniq -d | sed 's/^/twice: /'
}

rule_letters() {
    grep -vE '^[a-z]+$' "$1" | sed 's/^/not a-z alone: /'
}

rule_length() {
    awk 'length($0) < 3 || length($0) > 8 { print "3 to 8 letters: " $0 }' "$1"
}

# Four letters tell every word apart; a word of three is not the start of another.
rule_starts() {
    awk '
    { start = substr($0, 1, 4)
      if (start in seen) print "same start: " seen[start] " and " $0
      seen[start] = $0
      if (length($0) == 3) short[$0] = 1; else long[substr($0, 1, 3)] = $0 }
    END { for (w in short) if (w in long) print "same start: " w " and " long[w] }' "$1"
}

rule_names() {
    grep -vE '^[A-Z][a-z]{2,15}$' "$1" | sed 's/^/not a capital and letters: /'
}

rule_forbidden() { # file, language
    awk -v lang="$2" '
    FNR == NR {
        if ($0 ~ /^#/ || NF == 0) next
        if (NF != 2 || $1 !~ /^(all|en|nl)$/ || $2 !~ /^\*?[a-z]+\*?$/) {
            print "no rule: " $0
            next
        }
        if ($1 != "all" && $1 != lang) next
        bare = $2
        gsub(/\*/, "", bare)
        if ($2 ~ /^\*.*\*$/) part[bare] = 1
        else if ($2 ~ /^\*/) last[bare] = 1
        else if ($2 ~ /\*$/) first[bare] = 1
        else whole[bare] = 1
        next
    }
    {
        w = tolower($0)
        if (w in whole) print "forbidden: " $0
        for (p in part) if (index(w, p)) print "forbidden, holds " p ": " $0
        for (p in first) if (index(w, p) == 1) print "forbidden, begins " p ": " $0
        for (p in last)
            if (length(w) >= length(p) && substr(w, length(w) - length(p) + 1) == p)
                print "forbidden, ends " p ": " $0
    }' "$forbidden" "$1"
}

# ---- counting -----------------------------------------------------------------------

# No fault may be found in this list.
holds() { # file, rule, argument
    faults=$("$2" "$words/$1" "$3" 2>&1)
    if [ -z "$faults" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1: $2"
        echo "$faults" | sed 's/^/    /'
    fi
}

# A rule that finds no fault in these words does not work.
refuses() { # rule, argument, words...
    rule=$1
    argument=$2
    shift 2
    printf '%s\n' "$@" >"$scratch/bad.txt"
    if [ -n "$("$rule" "$scratch/bad.txt" "$argument")" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$rule accepts: $*"
    fi
}

refuses rule_count 3 apple banana
refuses rule_sorted '' banana apple
refuses rule_unique '' Otter otter
refuses rule_letters '' apple Banana
refuses rule_letters '' appel 'caf'"$(printf '\303\251')"
refuses rule_length '' apple ox
refuses rule_length '' apple crocodile
refuses rule_starts '' garden gardener
refuses rule_starts '' map mapped
refuses rule_names '' Otter wren
refuses rule_forbidden en apple needle
refuses rule_forbidden en apple pillow
refuses rule_forbidden nl appel Spuitje
refuses rule_forbidden nl appel eerherstelslet

for lang in en nl; do
    for file in "$lang.txt" "names-$lang.txt"; do
        if [ ! -r "$words/$file" ]; then
            echo "$file: cannot be read"
            failed=$((failed + 1))
            continue 2
        fi
        holds "$file" rule_sorted
        holds "$file" rule_unique
        holds "$file" rule_forbidden "$lang"
    done
    holds "$lang.txt" rule_count 1024
    holds "$lang.txt" rule_letters
    holds "$lang.txt" rule_length
    holds "$lang.txt" rule_starts
    holds "names-$lang.txt" rule_count 128
    holds "names-$lang.txt" rule_names
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
