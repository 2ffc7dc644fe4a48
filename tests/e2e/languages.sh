#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Dutch from the first screen on: by option, by environment, from the profile. Sentences
# stay short in both languages, and no word of the workshop reaches a person.
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
for topic in safety init 'group new'; do
    # shellcheck disable=SC2086
    check "help $topic" "$KRING_BIN" --language nl help $topic </dev/null
done
"$KRING_BIN" --language en help safety >"$work/safety"
check "help safety says it is not for emergencies" grep -qxF \
    "Not for emergencies. Messages can take days. Call 112 first." "$work/safety"
check "help safety says what a trial version lacks" grep -qxF \
    "Trial version. Nobody can be removed yet. Use no real names." "$work/safety"
check "help safety lists the limits" test "$(wc -l <"$work/safety")" -ge 14

cat >"$work/words.py" <<'EOF'
import re, sys
source = sys.argv[1]
text = open(source + "/cli/po/kring.pot", encoding="utf-8").read()
text += open(source + "/cli/po/nl.po", encoding="utf-8").read()
unquote = lambda lines: "".join(re.findall(r'"(.*)"', lines))
found = [unquote(m) for m in re.findall(
    r'^msg(?:id|id_plural|str(?:\[\d\])?) ((?:"(?:\\.|[^"\\])*"\n?)+)', text, re.M)]
bad = 0
for message in found:
    if "charset=" in message:
        continue
    for sentence in re.split(r"[.!?:;]+(?:\s|$)|\\n", message):
        words = [w for w in sentence.split() if re.search(r"\w", w)]
        if len(words) > 12:
            print(len(words), "words:", sentence)
            bad = 1
    if re.search(r"\b(key|peer|sync|fingerprint|epoch|node|token|hash)\b", message,
                 re.I):
        print("a word of the workshop:", message)
        bad = 1
print(len(found), "texts")
sys.exit(bad or len(found) < 200)
EOF
check "short sentences, plain words" $PYTHON "$work/words.py" \
    "${KRING_SOURCE_DIR:-$(dirname "${BASH_SOURCE[0]}")/../..}"
finish
