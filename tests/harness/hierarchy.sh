#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# hierarchy.sh: the model of caches and TLBs on the command line, against the fake QEMU.  Prints one line a test and
# "N passed, M failed".
# usage: tests/harness/hierarchy.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

sizes=l1i=32768/8,l1d=32768/8,l2=262144/4,itlb=128/8,dtlb=64/4,stlb=1536/12
not_out() { ! out "$1"; }
dry() {
    run 0 run --lane exact --only 'uni/good' --dry-run -v "$@"
}

tree
mkdir -p harness/profiles
cp "$here/../../harness/profiles/skylake-client.toml" harness/profiles/
check "without a word nothing is modelled" dry
check "... and the plugin is not asked to" not_out "l1d="
check "--model is a profile" dry --model skylake-client
check "... whose sizes the plugin gets" out "toll-count.so,$sizes,map="
check "... or the path of one" dry --model harness/profiles/skylake-client.toml
check "... whose sizes are the same" out "toll-count.so,$sizes,map="
check "a profile that is not there is refused" run 2 run --lane exact --only 'uni/good' --dry-run --model z80
check "... by name" err "there is no profile z80"

grep -q '^\[run\]' bench.toml || sed -i '1i [run]' bench.toml
sed -i 's/^\[run\]$/[run]\nmodel = "skylake-client"/' bench.toml
check "bench.toml may ask for it" dry
check "... as the command line does" out "$sizes"
check "--model none overrules it" dry --model none
check "... for this run" not_out "l1d="
check "a run with it leaves with 0" run 0 run --lane exact --only 'uni/good'
check "... and its samples say with which sizes" grep -qF "\"model\":\"$sizes\"" results/latest/samples.jsonl
check "a run without it" run 0 run --lane exact --only 'uni/good' --model none
check "... has samples that say so" grep -qF '"model":""' results/latest/samples.jsonl
check "... and its plan remembers" grep -qF '"model": "none"' results/latest/plan.json

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
