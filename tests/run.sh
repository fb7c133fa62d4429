#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: runs suites of tests and adds up.
#
# usage: tests/run.sh [-j JOBS] [-p] SUITE...
#
# A suite has lines "NAME | COMMAND" (# begins a comment).  A command's tests are counted from what it prints: cmocka's
# "[  PASSED  ] N test(s)", unittest's "Ran N tests", TAP's "ok" and "not ok" with a plan "1..N", or "N passed, M failed";
# one that prints none of these is one test, one that says "0 passed, 0 failed" has skipped all.  A command that leaves
# with another status than 0 has failed at least one.  With -p the last line of what runs is shown each minute.  The last
# line is "N passed, M failed".
set -euo pipefail

jobs=2 progress=''
while getopts j:p option; do
    case $option in
    j) jobs=$OPTARG ;;
    p) progress=1 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || { sed -n '5,12s/^# \{0,1\}//p' "$0"; exit 2; }
# Some tests have a thousand connections, at both ends.
ulimit -S -n 8192 2>/dev/null || ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
# Some tests copy folders in which others run programs of Python.
export PYTHONDONTWRITEBYTECODE=1
logs=build/tests/logs
rm -rf "$logs"
mkdir -p "$logs"

# sum PATTERN FILE: the numbers in front of which PATTERN stands, added.
sum() { sed -nE "s/$1/\\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

# watch NAME LOG: for ever.
watch() {
    while sleep 60; do
        echo "     $1: $(tail -n 1 "$2")" >&2
    done
}

# one NAME COMMAND: runs a test program; its counts go to a file beside its log.
one() {
    local name=$1 command=$2 log watcher='' status=0 passed failed start=$EPOCHREALTIME
    log=$logs/${name//[^A-Za-z0-9_]/-}
    echo '0 1' >"$log.count" # if this shell ends before the test is judged
    if [ "$progress" ]; then
        watch "$name" "$log.log" &
        watcher=$!
    fi
    bash -c "$command" >"$log.log" 2>&1 </dev/null || status=$?
    [ -z "$watcher" ] || kill "$watcher"
    passed=$(( $(sum '^\[  PASSED  \] ([0-9]+) test.*' "$log.log") + $(sum '^.*\b([0-9]+) passed, [0-9]+ failed$' "$log.log") ))
    failed=$(( $(sum '^\[  FAILED  \] ([0-9]+) test.*' "$log.log") + $(sum '^.*\b[0-9]+ passed, ([0-9]+) failed$' "$log.log") ))
    [ "$passed" -gt 0 ] || passed=$(sum '^Ran ([0-9]+) tests? .*' "$log.log")
    if [ $((passed + failed)) -eq 0 ] && grep -qE '^1\.\.[0-9]+$' "$log.log"; then
        passed=$(grep -c '^ok ' "$log.log" || true)
        failed=$(grep -c '^not ok ' "$log.log" || true)
    fi
    if [ $status -ne 0 ]; then
        [ "$failed" -gt 0 ] || failed=1
        [ "$(sum '^Ran ([0-9]+) tests? .*' "$log.log")" -eq 0 ] || passed=$((passed - failed))
    elif [ "$((passed + failed))" -eq 0 ] && ! grep -qE '\b0 passed, 0 failed$' "$log.log"; then
        passed=1
    fi
    echo "$passed $failed" >"$log.count"
    awk -v a="$start" -v b="$EPOCHREALTIME" -v name="$name" -v p="$passed" -v f="$failed" \
        'BEGIN { printf "%-4s %6.1f s  %-28s %d passed%s\n", f ? "FAIL" : "ok", b - a, name, p, f ? ", " f " failed" : "" }'
    if [ "$failed" -gt 0 ]; then
        tail -40 "$log.log" | sed 's/^/    | /'
        echo "    the whole log: $log.log"
    fi
}

twice=$(sed 's/#.*//; s/ *|.*//; s/[^A-Za-z0-9_]/-/g; /^$/d' "$@" | sort | uniq -d)
[ -z "$twice" ] || { echo "two tests have the name $twice" >&2; exit 2; }
running=0
while IFS='|' read -r name command; do
    name=$(echo "$name" | xargs)
    [ -n "$name" ] || continue
    one "$name" "$command" &
    running=$((running + 1))
    if [ $running -ge "$jobs" ]; then
        wait -n || true
        running=$((running - 1))
    fi
done < <(sed 's/^#.*//' "$@")
wait || true

awk '{ p += $1; f += $2 } END { printf "%d passed, %d failed\n", p, f; exit f || !p }' "$logs"/*.count
