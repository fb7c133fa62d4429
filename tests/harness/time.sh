#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# time.sh: the time lane's observing, stopping and tuning, and the doctor, on the fake QEMU and on a made-up /sys.
# Prints one line a test and "N passed, M failed".
# usage: tests/harness/time.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

# Without /dev/kvm there is no time lane to be faked.
if [ ! -w /dev/kvm ]; then
    echo "skipped: the time lane against a fake QEMU (/dev/kvm cannot be written here)"
    echo "0 passed, 0 failed"
    exit 0
fi
export TOLL_SYSROOT=$scratch/sys TOLL_STATE=$scratch/state
governor=$TOLL_SYSROOT/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor
boost=$TOLL_SYSROOT/sys/devices/system/cpu/cpufreq/boost
# has STRUCTURE WORKLOAD FIELD PATTERN: what the run's first sample of a cell says.
has() {
    /usr/bin/python3 - "$@" << 'PYTHON' | grep -q -- "$4"
import json, sys
for line in open("results/latest/samples.jsonl"):
    s = json.loads(line)
    if [s["structure"], s["workload"]] == sys.argv[1:3]:
        print(s[sys.argv[3]])
        break
PYTHON
}
lines() { [ "$(wc -l < "$1")" -eq "$2" ]; }
is() { [ "$(cat "$1")" = "$2" ]; }
tuned() { is "$governor" performance && is "$boost" 0; }
untuned() { is "$governor" powersave && is "$boost" 1; }

# Observing and stopping
tree
check "exits by an unknown way are refused" run 2 run --exits some
check "... which is explained" err "expected auto, bpf, tracepoints, both or none"
check "a cell stops when it is precise" run 0 run --lane time --only 'uni:default/good'
check "... after the least number of boots" lines results/latest/samples.jsonl 10
check "... which is said" err "^time lane: 1 cells precise to 1 %, 0 booted 30 times without that$"
check "the guest is pinned" has uni good observers "pinned to processor [0-9]"
check "what is not observed has its reason" has uni good observers "core counters: .*; exits: "
check "the TSC's reading is taken off" has uni good metrics "'cycles': 12300"
check "... and told" has uni good metrics "'cycles_timer': 40"
check "the first operation is told" has uni good metrics "'cycles_cold': 5000"
check "report knows warm and cold" run 0 report --no-html
check "... in columns" out "uni *1,230 *5,000"
check "... and why the boots ended" out "^boots ended: 1 cells precise"
check "... results.json too" grep -q '"ended": "precise"' results/latest/results.json
export FAKE_CYCLES=uneven
sed -i 's/^timeout_s = 20/timeout_s = 20\ntime_repetitions = 11\ntime_repetitions_min = 4/' bench.toml
check "one that is not goes on to the limit" run 0 run --lane time --only 'uni:default/good'
check "... and is booted so often" lines results/latest/samples.jsonl 11
check "... which is said" err "0 cells precise to 1 %, 1 booted 11 times without that"
sed -i 's/^time_repetitions = 11/time_repetitions = 500\ntime_budget_s = 1/' bench.toml
check "one that takes too long ends with the budget" run 0 run --lane time --only 'uni:default/good'
check "... which is said" err "1 when the 1 s of time_budget_s were spent"
check "... and derived again" run 0 report --no-html
check "... alike" out "0 after 500 boots without that, 1 when the time was spent"
unset FAKE_CYCLES
export FAKE_MONITOR=gone
check "a QEMU that ends early fails the guest" run 4 run --lane time --reps 1 --only 'uni:default/good'
check "... with its own words" has uni good reason "gone before it said a word"
export FAKE_MONITOR=babble
check "a monitor that babbles fails the guest" run 4 run --lane time --reps 1 --only 'uni:default/good'
check "... with the reason" has uni good reason "QEMU's monitor says what is no JSON"
unset FAKE_MONITOR

# Tuning
tree
mkdir -p "${governor%/*}" "${boost%/*}"
echo powersave > "$governor"
echo 1 > "$boost"
check "a run without --tune" run 0 run --lane time --reps 1 --only 'uni:default/good'
check "... changes nothing" untuned
check "a run with it" run 0 run --tune --lane time --reps 1 --only 'uni:default/good'
check "... says what it changed" err "^tuned for this run: governor of 1 processors, turbo$"
check "... and puts it back" untuned
# Those that are ended meanwhile must not come to their end before.
export FAKE_SLOW=60
slow=(run --tune --lane time --reps 3 --timeout 600 --only 'uni:default/slow')
for signal in INT TERM HUP; do
    "$toll" "${slow[@]}" > "$scratch/out" 2> "$scratch/err" &
    pid=$!
    check "$signal: tuned while it runs" wait_for tuned
    kill -$signal "$pid"
    status=0
    wait "$pid" || status=$?
    check "... interrupted" test "$status" -eq 130
    check "... and put back" untuned
done
"$toll" "${slow[@]}" > "$scratch/out" 2> "$scratch/err" &
pid=$!
check "KILL: tuned while it runs" wait_for tuned
check "... another toll keeps off" run 3 run --tune --lane time --reps 1 --only 'uni:default/good'
check "... and says why" err "another toll has tuned this machine and still runs"
check "... the doctor does not call it left over" run 0 doctor
check "... at all" out "no earlier toll left anything changed"
kill -KILL "$pid"
wait "$pid" 2> /dev/null || true
check "a toll that was killed leaves it changed" tuned
check "... which the doctor finds" run 0 doctor
check "... by name" out "left this changed: governor of 1 processors, turbo"
check "... in JSON too" bash -c "'$toll' doctor --json | grep -A2 '\"tuned\"' | grep -q note"
check "... and puts back" run 0 doctor --restore
check "... saying what" out "^put back: governor of 1 processors, turbo$"
check "... indeed" untuned
check "... once" run 0 doctor --restore
check "... there is nothing more" out "nothing was left changed"
"$toll" "${slow[@]}" > "$scratch/out" 2> "$scratch/err" &
pid=$!
wait_for tuned
kill -KILL "$pid"
wait "$pid" 2> /dev/null || true
check "the next run puts it back as well" run 0 run --lane exact --only uni/good
check "... and says so" err "^put back what an earlier toll left changed: governor of 1 processors, turbo$"
check "... indeed" untuned

# The doctor
mkdir -p "$TOLL_SYSROOT/sys/devices/system/cpu/smt"
echo 1 > "$TOLL_SYSROOT/sys/devices/system/cpu/smt/active"
check "the doctor judges what it finds" run 0 doctor
check "... the governor, with a remedy" out "^note *governor *the governor is powersave"
check "... namely" out "> as root: toll run --tune"
check "... turbo" out "^note *turbo *turbo is on"
check "... threads that share a core" out "^note *smt *two threads share a core"
check "... and a QEMU whose version it does not know" out "^note *qemu *the version of \"fake QEMU 0\""
check "--json has all of it" run 0 doctor --json
check "... as findings" bash -c "/usr/bin/python3 -c 'import json, sys
findings = json.load(open(sys.argv[1]))[\"findings\"]
sys.exit(len(findings) < 10 or any(f[\"state\"] != \"ok\" and not f[\"remedy\"] for f in findings))' '$scratch/out'"
check "--restore takes no word" run 2 doctor --restore now

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
