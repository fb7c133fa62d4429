#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# model.sh: profiles, modelled cycles, `toll explain` and `toll calibrate` on the command line, against the fake QEMU.
# Prints one line a test and "N passed, M failed".
# usage: tests/harness/model.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

# profile NAME LINE...: a profile in the tree with these lines under [cost].
profile() {
    local name=$1
    shift
    mkdir -p harness/profiles
    printf 'name = "%s"\nwhat = "a test"\n[cost]\n' "$name" > "harness/profiles/$name.toml"
    printf '%s\n' "$@" >> "harness/profiles/$name.toml"
}
cpi='cpi = { cycles = 0.5, source = "paper A, table 1" }'
syscall='syscall = { cycles = 70, source = "manual B, section 2" }'

# What a run keeps
tree
check "a run without a profile models nothing" run 0 run --lane exact --only 'uni/good'
check "... and keeps none" test ! -e results/latest/profile.toml
check "explain then asks for one" run 2 explain uni good
check "... by its option" err "name one with --profile"
profile cpu "$cpi" "$syscall"
sed -i 's/^\[run\]$/[run]\nprofile = "cpu"/' bench.toml
grep -q '^profile' bench.toml || sed -i '1i [run]\nprofile = "cpu"\n' bench.toml
check "a run with a profile leaves with 0" run 0 run --lane exact --only 'uni/good'
check "... and keeps it" cmp harness/profiles/cpu.toml results/latest/profile.toml

# 10 operations, 900 instructions (arch), 10 system calls: 90 x 0.5 + 70 an operation
check "report shows modelled cycles" run 0 report --no-html
check "... under a head that says they are not measured" out "modelled, not measured"
check "... and names the profile" out "prices of profile cpu"
check "... and what has no price" out "^good  *uni  *115  exception, interrupt, thread_switch"
check "results.json has them as modelled" grep -q '"cycles_modelled"' results/latest/results.json
check "... with their profile's sources" grep -q '"source": "paper A, table 1"' results/latest/results.json
rm -r harness/profiles
check "they can be derived without the profile's file" run 0 report --no-html
check "... all the same" out "^good  *uni  *115 "

# explain
check "explain prints the budget" run 0 explain uni good
check "... instructions" out "^instructions_arch  *90  *0.50  *45 *39.1%  \[1\]"
check "... crossings" out "^syscall  *1  *70  *70 *60.9%  \[2\]"
check "... the sources" out "^\[2\] manual B, section 2"
check "... what is not priced" out "^interrupt .*not priced"
check "... and that nothing was measured" out "^Only modelled"
check "explain speaks JSON" run 0 explain --json uni good
check "... which is JSON" python3 -c "import json; assert json.load(open('$scratch/out'))['cycles_modelled'] == 115"
profile other "$cpi"
check "another profile can be named" run 0 explain --profile other uni good
check "... whose prices then count" out "^sum  *45 "
check "an unknown profile is a usage error" run 2 explain --profile nobody uni good
check "... with those there are" err "there are: other"
check "a cell that is not there is explained" run 2 explain uni nothing
check "... with what to do" err "toll run --only 'uni/nothing'"
check "one word is too few" run 2 explain uni
check "a wrong profile stops a run before it builds" run 2 run --lane exact --only 'uni/good'
check "... and is named" err "there is no profile cpu"
profile cpu 'cpi = { cycles = 1 }'
check "a price without a source is refused" run 2 run --lane exact --only 'uni/good'
check "... with its place" err "cpu.toml:4:7: cost.cpi.source: expected a text"

# calibrate
tree
profile base "$cpi" "$syscall"
check "calibrate measures without KVM" run 0 calibrate --native --base base
check "... a system call" out "^syscall  *native"
check "... and says what it did not" err "not measured under KVM: --native"
check "... writes a profile" test -s build/profiles/host.toml
check "... that keeps a sourced price before an upper bound" grep -q 'syscall = .*manual B' build/profiles/host.toml
check "... and takes one where there is none" grep -q 'exception = .*calibrated natively' build/profiles/host.toml
check "calibrate speaks JSON" run 0 calibrate --native --base base --json
check "... which is JSON" python3 -c "import json; assert json.load(open('$scratch/out'))['profile'].endswith('host.toml')"
check "calibrate takes no word" run 2 calibrate --native now
if [ -w /dev/kvm ]; then
    check "calibrate boots its guest where KVM works" run 0 calibrate --base base --name kvm
    check "... reads what it says" out "^syscall  *KVM  *70.00"
    check "... and what it could not do" out "^as_switch_kept  *KVM  *not measured: the processor has no PCID"
    check "... into the profile" grep -q 'syscall = { cycles = 70, .*calibrated under KVM' build/profiles/kvm.toml
    export FAKE_KVM=broken TOLL_PROBE_MS=900
    check "a broken KVM is skipped" run 0 calibrate --base base
    check "... with its reason" err "not measured under KVM: /dev/kvm opens"
    unset FAKE_KVM
else
    echo "skipped: the measuring guest against a fake QEMU (/dev/kvm cannot be written here)"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
