#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Dutch from the first screen on: by option, by environment, from the profile, and on a
# system that knows no locale. (Sentences and words: tests/lint.)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

person wren
# without_profile ARGUMENTS...: what is said when nothing is set up; `locale` is that
# of the environment.
locale=C.UTF-8
without_profile() {
    env LC_ALL="$locale" "$KRING_BIN" --home "$work/none" "$@" groups \
        </dev/null 2>&1 || true
}

same "the language of an option" \
    "$(without_profile --language nl)" \
    "Hier is nog niets ingesteld. Typ: kring init"
same "the language of the environment" \
    "$(locale=nl_NL.UTF-8 without_profile)" \
    "Hier is nog niets ingesteld. Typ: kring init"
same "English where nothing is said" \
    "$(without_profile)" \
    "Nothing is set up here. Type: kring init"
same "an unknown language of the environment" \
    "$(locale=xx_XX.UTF-8 without_profile)" \
    "Nothing is set up here. Type: kring init"
check "init in Dutch" grep -q "Niemand kan je woorden herstellen" \
    <(kr wren init --language nl --light </dev/null 2>&1)
check "the profile's language" grep -qF "[gesprek, weg na 7 dagen]" \
    <(kr wren group new Kring --as Wren </dev/null)
check "one day" grep -qF "[gesprek, weg na 1 dag]" \
    <(kr wren group new Dag --as Wren --talk 1 </dev/null)
check "what is kept" grep -qF "[bewaard]" \
    <(kr wren group new Bewaard --as Wren --kept </dev/null)
same "about-me in Dutch" "$(kr wren about-me </dev/null)" \
    "1 naam (Wren), 3 groepen, 0 echte namen"
check "an option wins over the profile" grep -qF "[kept]" \
    <(kr wren --language en read Bewaard </dev/null)
check "names for programs are the same in every language" grep -q '"role":"keeper"' \
    <(kr wren members Kring --json </dev/null)

# A fresh Debian: no Dutch locale is made, and often none is named. The language comes
# from the profile alone, with its plurals and its letters that are not in ASCII.
# fresh NAME=VALUE...: what a Dutch profile says there.
fresh() {
    env -i PATH="$PATH" HOME="$work" "$@" "$KRING_BIN" --home "$work/wren" \
        --passphrase-file "$work/wren.words" groups </dev/null 2>&1
}
dutch="Kring: [gesprek, weg na 7 dagen], jij bent Wren, mensen: 1, nieuw: 0"
if locale -a | grep -qi '^nl'; then
    echo "note: this system has Dutch locales; a fresh one has none"
fi
for place in NO=locale LC_ALL=C LC_ALL=POSIX LANG=C LC_MESSAGES=C LANG=nl_NL.UTF-8 \
    LC_ALL=en_US.UTF-8 LANGUAGE=en LANG=xx_XX@none LOCPATH=/nonexistent; do
    check "Dutch on a fresh system with $place" grep -qxF "$dutch" <(fresh "$place")
done
check "letters that are not in ASCII" grep -qF "één persoon" \
    <(env -i PATH="$PATH" HOME="$work" LC_ALL=C "$KRING_BIN" --language nl help invite)
check "set changes the language of the profile" grep -qxF "Language: English" \
    <(kr wren set language en </dev/null)
check "and it stays" grep -qF "[talk, gone in 7 days]" <(fresh LANG=nl_NL.UTF-8)
kr wren set language nl </dev/null >/dev/null

for topic in safety init talk lost 'group new'; do
    # shellcheck disable=SC2086
    check "help $topic" "$KRING_BIN" --language nl help $topic </dev/null
done
"$KRING_BIN" --language en help safety >"$work/safety"
check "help safety says it is not for emergencies" grep -qxF \
    "Not for emergencies. Messages can take days. Call 112 first." "$work/safety"
check "help safety says what a trial version lacks" grep -qxF \
    "Trial version. Nobody can be removed yet. Use no real names." "$work/safety"
check "help safety lists the limits" test "$(wc -l <"$work/safety")" -ge 14
finish
