#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: toll's command line against a fake QEMU, whose guests end in every way that a guest can (fake-qemu.sh).
# Each test has a fresh copy of the fake tree.  Prints one line a test and "N passed, M failed".
# usage: tests/harness/run.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

# sample STRUCTURE WORKLOAD FIELD: what the run's samples say.
sample() {
    python3 - "$@" << 'EOF'
import json, sys
structure, workload, field = sys.argv[1:4]
for line in open("results/latest/samples.jsonl"):
    s = json.loads(line)
    if (s["structure"], s["workload"]) == (structure, workload):
        print(s[field])
        break
EOF
}
has() { sample "$1" "$2" "$3" | grep -q -- "$4"; }
at_least() { [ -e results/latest/samples.jsonl ] && [ "$(wc -l < results/latest/samples.jsonl)" -ge "$1" ]; }
gone() {
    local guest child
    read -r guest child < "$FAKE_PIDS" || return 1
    ! kill -0 "$guest" 2> /dev/null && ! kill -0 "$child" 2> /dev/null
}
lines() { [ "$(wc -l < "$1")" -eq "$2" ]; }

# Usage and configuration
tree
check "list leaves with 0" run 0 list
check "list shows workloads and why not" out "cannot .*not on uni: no reason at all"
check "an unknown verb is a usage error" run 2 walk
check "an unknown option is a usage error" run 2 run --walk
check "help VERB tells its options" run 0 help run
check "... on standard output" out "--dry-run"
check "help of an unknown verb is a usage error" run 2 help walk
check "list takes no word" run 2 list walk
check "doctor takes no word" run 2 doctor walk
check "report takes one word" run 2 report a b
check "--timeout takes no 0" run 2 run --timeout 0
check "... and says what it takes" err "from 1 to 86400"
check "a run that is not there cannot be resumed" run 2 run --resume nowhere
check "... which is explained" err "there is no run nowhere"
check "an unknown lane is a usage error" run 2 run --lane fast
check "a pattern without a slash is explained" run 2 run --only uni
check "... with an example" err "uni/\*"
check "a pattern that selects nothing suggests" run 2 run --only uni/god
check "... the nearest workload" err "did you mean the workload good"
check "--dry-run prints the plan" run 0 run --dry-run --lane exact --only 'uni/good,mono/h*'
check "... with the arguments" out "good ops=10 warm=0"
check "... and runs nothing" test ! -e results
check "-v shows how QEMU is called" run 0 run --dry-run -v --lane exact --only uni/good
check "... without an x2APIC, which does not go with icount" out " -cpu [^ ]*,-x2apic "
check "... with one firmware under each QEMU" out " -bios qboot.rom "
check "one variant can be selected" run 0 run --dry-run --lane exact --only '*:mit*/good'
check "... and no other" bash -c "grep -c '#0' '$scratch/out' | grep -qx 1"
check "... which has its name" out "^linux:mitigations=off/good"
echo 'workloads = 3' > bad.toml
check "an unknown key is refused" run 2 list --config bad.toml
check "... with file:line:column and a suggestion" err "bad.toml:1:1: workloads: unknown key.*did you mean workload?"
printf '[run]\njobs = 0\n[structure.uni]\n[workload.a]\n' > bad.toml
check "a number out of range is refused" run 2 list --config bad.toml
check "... with what was expected" err "bad.toml:2:8: run.jobs: expected a whole number from 1 to 256"
check "report without a run says what to do" run 2 report
check "... namely run" err "toll run"

# A run that goes well
check "a good run leaves with 0" run 0 run --lane exact --only '*/good'
check "... prints the folder" out "^results/2"
check "... progress goes to standard error" err "\[4/4\]"
check "... without colours or bars off a terminal" bash -c "! grep -q $'\\033' '$scratch/err'"
check "... sums up what was measured" err "^exact lane: 4 of 4 cells measured$"
check "... and stores four samples" lines results/latest/samples.jsonl 4
check "the audit held" has uni good audit ok
check "linux has none" has linux good audit none
check "what was found in the processor is kept" has uni good cpu_features "nx smep"
check "... and shown" run 0 show uni/good
check "... in words" out "processor has *nx smep"
check "linux does not tell" run 0 show linux/good
check "... which is said" out "processor has *not recorded"
check "the size is of all that is booted" has linux good image_bytes "^18$"
check "the output is hashed" has uni good output_sha256 8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4
check "report prints the table" run 0 report --no-html
check "... with numbers per operation" out "uni *100 *90 *1 "
check "results.json has admitted cells" grep -q '"status": "ok"' results/latest/results.json
check "show shows a cell" run 0 show uni/good
check "... with its numbers" out "instructions.fs *600"
check "... and the way of an operation" out "^    image instructions=100 syscall=1$"
check "a folder of one's own" run 0 run --lane exact --only uni/good -o mine
check "... is not filled twice" run 2 run --lane exact --only uni/good -o mine
check "an empty folder name is refused" run 2 run --lane exact --only uni/good -o ""
check "... and explained" err "-o: expected the name of a folder"
check "a folder's name is seen from where toll is called" bash -c "mkdir -p below && mv mine below && cd below && TOLL_ROOT=$scratch/tree '$toll' show mine uni/good"
check "from another folder" bash -c "cd / && TOLL_ROOT=$scratch/tree '$toll' list"

# Guests that fail
tree
export FAKE_PIDS=$scratch/pids
check "failed guests give 4" run 4 run --lane exact --timeout 10 --only 'uni/*,linux/good,linux/half,mono/cannot,mono/differ'
check "a hung guest is ended" has uni hang reason "timeout: the guest was not done within 10 s"
check "endless output is ended" has uni flood reason "without end"
check "a panic has its reason" has uni panic reason "panic: something broke"
check "... a symbolised backtrace" has uni panic backtrace "second_function+0x4.*first_function+0x10.*0xffff"
check "... and the last console lines" has uni panic console "console before"
check "a crash of QEMU names the signal" has uni crash reason "signal 11"
check "garbage is survived" has uni garbage status fail
check "silence is a failure" has uni silent reason "without one record"
check "a reset is a failure" has uni reset reason "triple fault"
check "QEMU's own words are kept" has uni refuse reason "no such machine"
check "a workload's own failure has its reason" has uni wrong reason "the sum is 3, expected 4"
check "a damaged disk fails the sample" has uni damage reason "e2fsck found the disk damaged"
check "books that differ fail the audit" has uni books audit failed
check "a refusal is recorded" has uni cannot reason "no reason at all"
check "a workload can skip" has mono cannot status skip
check "in a batch the one that crashed fails" has linux half status fail
check "... and the others stay" has linux good status ok
check "the summary counts the failures" err "^exact lane: .* 1[0-9] failed, .* 2 skipped$"
check "... says why" err "^  failed: uni/reset: .*triple fault"
check "... and how to see more" err "toll show results/.* STRUCTURE/WORKLOAD"
check "no process of a guest is left" wait_for gone
check "a resumed run still knows its failures" run 4 run --resume
check "report gives 1 for what is not admitted" run 1 report --no-html
check "outputs that differ are not admitted" out "uni *rejected: the output differs between uni (.*) and mono"

# Samples that were tampered with: the reason is shown, and no number
# spoil STRUCTURE FIELD VALUE: overwrites a field in the samples of a structure, in a copy of the run.
spoil() {
    rm -rf "$scratch/tree/spoiled"
    cp -r results/latest/. spoiled
    python3 - "$@" << 'EOF'
import json, sys
structure, field, value = sys.argv[1:4]
samples = [json.loads(line) for line in open("spoiled/samples.jsonl")]
for s in samples:
    if s["structure"] == structure:
        s[field] = int(value) if field == "ops" else value
open("spoiled/samples.jsonl", "w").write("".join(json.dumps(s) + "\n" for s in samples))
EOF
}
# numberless STRUCTURE: results.json of the copy has no value of it, and a reason.
numberless() {
    python3 - "$1" << 'EOF'
import json, sys
cells = [c for c in json.load(open("spoiled/results.json"))["cells"] if c["structure"] == sys.argv[1]]
sys.exit(not cells or any(c["value"] is not None or not c["reason"] or c["status"] != "rejected" for c in cells))
EOF
}
tree
check "a run to tamper with" run 0 run --lane exact --only 'uni/good,mono/good'
while IFS='|' read -r field value reason; do
    spoil uni "$field" "$value"
    check "tampered $field is not admitted" run 1 report --no-html spoiled/
    check "... the table has the reason" out "uni *rejected: .*$reason"
    check "... and results.json no number" numberless uni
done << 'EOF'
output_sha256|00|the output differs between uni (00) and mono
workload_sha256|00|the workload's object differs between uni
options|-M q35|QEMU's options differ between uni (q35) and mono (microvm
words|good ops=11 warm=0|arguments differ between uni (ops=11 warm=0) and mono (ops=10 warm=0)
audit|failed|the audit failed
audit|none|there was no audit
audit|passed|its audit came to
status|okay|status other than
disk|damaged|e2fsck did not find the disk clean after the run: damaged
image_sha256|00|it booted another image
run|another|it is of run another
ops|11|the operations differ between uni (11) and mono (10)
EOF
echo '{"schema":' >> spoiled/samples.jsonl
check "a line that is not a sample is refused" run 2 report --no-html spoiled/
check "... by its number" err "samples.jsonl:3: expected a sample"

# Interruption and resumption
tree
FAKE_SLOW=60 "$toll" run --lane exact --timeout 600 --only '*/good,*/slow' -j 1 > "$scratch/out" 2> "$scratch/err" &
pid=$!
wait_for at_least 3 || true
kill -INT "$pid"
status=0
wait "$pid" || status=$?
check "an interrupted run gives 130" test "$status" -eq 130
check "... keeps what it had" at_least 3
check "... says how to go on" err "toll run --resume results/2"
printf '{"schema":"toll/1","run":"to' >> results/latest/samples.jsonl
export FAKE_LOG=$scratch/log
check "it is resumed, torn line and all" run 0 run --resume
check "... all samples are there" lines results/latest/samples.jsonl 6
check "... nothing was run twice" bash -c "! grep -q linux '$FAKE_LOG'"
check "... report holds" run 0 report --no-html
check "resume does not take --only" run 2 run --resume --only uni/good
unset FAKE_LOG
cp results/latest/host.json kept
head -n 2 results/latest/samples.jsonl > short && cp short results/latest/samples.jsonl
sed -i 's/fake QEMU 0/fake QEMU 1/' results/latest/host.json
check "another host is refused" run 2 run --resume
check "... and named" err "begun on another host (qemu: fake QEMU 1 then, fake QEMU 0 now)"
cp kept results/latest/host.json
head -n 2 results/latest/samples.jsonl > short && mv short results/latest/samples.jsonl
echo changed > build/images/uni/good.elf
check "a rebuilt image is refused" run 2 run --resume
check "... by name" err "uni/good was rebuilt"

# The time lane and the doctor
if [ -w /dev/kvm ]; then
    tree
    check "the time lane runs where KVM works" run 0 run --lane all --reps 3 --only 'uni/good,linux/good'
    check "... with so many samples, the twin's among them" lines results/latest/samples.jsonl 21
    check "... cycles are measured" grep -q '"metric": "cycles"' results/latest/results.json
    export FAKE_KVM=broken TOLL_PROBE_MS=900
    check "where KVM is broken it is skipped" run 0 run --lane all --only 'uni/good'
    check "... with the reason" grep -q "cannot run a guest that goes to ring 3" results/latest/samples.jsonl
    check "... which the summary says" err "^time lane: skipped: /dev/kvm opens"
    check "... which the table says once" run 0 report --no-html
    check "... in plain words" out "time lane (measured): skipped: /dev/kvm opens"
    check "the time lane alone is then more than this host can" run 3 run --lane time --only 'uni/good'
    check "doctor knows a broken KVM" run 0 doctor
    check "... as kind 3" out "host of kind 3"
    export FAKE_KVM=refuses TOLL_PROBE_MS=60000
    check "doctor takes the second processor model" run 0 doctor --json
    check "... as kind 1" out '"kind": 1'
    unset FAKE_KVM
else
    echo "skipped: the time lane against a fake QEMU (/dev/kvm cannot be written here)"
fi

# A host that cannot
tree
TOLL_QEMU=$scratch/none check "no QEMU is the host's fault" run 3 run --lane exact --only uni/good
check "... and says what to do" err "make deps"
tree
sed -i 's|@mke2fs|@false|' Makefile
check "a build that fails is the host's fault" run 3 run --lane exact --only uni/good
if [ "$(id -u)" -eq 0 ] && mkdir "$scratch/small" && mount -t tmpfs -o size=128k none "$scratch/small" 2> /dev/null; then
    tree
    mkdir "$scratch/small/run"
    run 0 run --lane exact --only 'uni/good,mono/good' -o "$scratch/small/run" || true
    head -n 1 "$scratch/small/run/samples.jsonl" > first
    cp first "$scratch/small/run/samples.jsonl"
    rm "$scratch/small/run/results."* "$scratch/small/run/serial/"*
    dd if=/dev/zero of="$scratch/small/fill" bs=1k count=1000 status=none 2> /dev/null || true
    check "a full disk stops the run" run 3 run --resume "$scratch/small/run"
    check "... and says so" err "make room"
    check "... and leaves the earlier sample as it was" cmp first "$scratch/small/run/samples.jsonl"
    rm "$scratch/small/fill"
    check "... from where it goes on" run 0 run --resume "$scratch/small/run"
    check "... to the end" lines "$scratch/small/run/samples.jsonl" 2
    umount "$scratch/small"
else
    echo "skipped: a full disk (only root can mount a small one)"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
