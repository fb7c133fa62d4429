#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: compares what is generated with what was committed: docs/calls.md, and what `toll list`, `toll report` and
# reports/report.py make of a small recorded run (tree/); and looks whether the manual has all verbs and options.
#
#   run.sh             prints a diff where they differ, and "N passed, M failed"
#   run.sh --update    takes over what is generated now; look at the diff before committing it
set -euo pipefail
cd "$(dirname "$0")/../.."

update=false
case ${1:-} in
    '') ;;
    --update) update=true ;;
    *)
        sed -n '4,9s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac
golden=$PWD/tests/golden
run=20240101T120000Z-fixture
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# same COMMITTED GENERATED: one test.
same() {
    if $update; then
        cp "$2" "$1"
    fi
    if diff -u --label "committed ${1#"$PWD"/}" --label generated "$1" "$2" >"$scratch/diff" 2>&1; then
        printf 'ok   %s\n' "${1#"$PWD"/}"
        passed=$((passed + 1))
    else
        head -60 "$scratch/diff"
        printf 'FAIL %s: if the change is meant, run tests/golden/run.sh --update\n' "${1#"$PWD"/}"
        failed=$((failed + 1))
    fi
}

# A copy, because the report is derived in the run's own folder.
cp -r "$golden/tree" "$scratch/tree"
ln -s "$run" "$scratch/tree/results/latest"
export TOLL_ROOT=$scratch/tree NO_COLOR=1 COLUMNS=100

/usr/bin/python3 kernels/gen/os_gen.py kernels/include/os.list "$scratch/gen" --doc "$scratch/calls.md"
same "$PWD/docs/calls.md" "$scratch/calls.md"

build/toll list >"$scratch/list.txt"
same "$golden/expected/list.txt" "$scratch/list.txt"

# The fixture has a cell whose audit failed, so the report's exit status must be 1.
status=0
build/toll report --no-html "$run" >"$scratch/table.txt" || status=$?
printf 'exit status %d\n' "$status" >>"$scratch/table.txt"
same "$golden/expected/table.txt" "$scratch/table.txt"
same "$golden/expected/results.csv" "$scratch/tree/results/$run/results.csv"
same "$golden/expected/results.json" "$scratch/tree/results/$run/results.json"

(cd "$scratch/tree" && /usr/bin/python3 "$golden/../../reports/report.py" "results/$run" out) 2>"$scratch/messages" ||
    cat "$scratch/messages"
same "$golden/expected/summary.md" "$scratch/tree/out/summary.md"

# The manual has every verb, in its synopsis too, and every option.
manual=docs/toll.1
for verb in $(build/toll help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    grep -q "^\.B toll $verb\$" "$manual" || echo "the synopsis has no toll $verb"
    [[ $verb == help || $verb == version ]] && continue
    grep -q "^\.SS toll $verb\$" "$manual" || echo "there is no section on toll $verb"
    for option in $(build/toll "$verb" --help | grep -oE -- '--[a-z-]+' | sort -u); do
        [[ $option == --help ]] || grep -qF -- "${option//-/\\-}" "$manual" || echo "toll $verb $option is not there"
    done
done >"$scratch/manual"
if [[ -s $scratch/manual ]]; then
    sed "s|^|$manual: |" "$scratch/manual"
    failed=$((failed + 1))
else
    printf 'ok   %s\n' "$manual"
    passed=$((passed + 1))
fi

printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
