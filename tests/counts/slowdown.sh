#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# slowdown.sh: a part that becomes 3 % slower must be found, and named.  Three instructions are put into one operation of
# fs in a copy of the tree (of 88 that fs needs for it), then seven into one of blk (of some 220, of 2,000 in all, in
# a window with interrupts), and the copy's counts are compared with this tree's by `toll compare`; so are two runs of
# this tree, which must be equal.  Prints "N passed, M failed".
# usage: tests/counts/slowdown.sh      from the root of the tree, with everything built
set -euo pipefail

only=uni/read_hot,mono/read_hot,micro/read_hot,mono/call_null,mono/read_cold
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# check NAME COMMAND...: the command must succeed.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok - $name"
    else
        failed=$((failed + 1))
        echo "not ok - $name"
        sed 's/^/    /' "$scratch/out"
    fi
}

# compare EXPECTED-STATUS WORD...: calls toll compare; true if it leaves with that status.
compare() {
    local expected=$1 status=0
    shift
    build/toll compare "$@" >"$scratch/out" 2>&1 || status=$?
    [ "$status" -eq "$expected" ]
}

run() { (cd "$1" && build/toll run --lane exact --only "$only" -o "$2") >"$scratch/out" 2>&1; }

check "a run of this tree" run . "$scratch/first"
check "another one" run . "$scratch/second"
check "are equal" compare 0 "$scratch/first" "$scratch/second"
check "... and nothing is worse or better" grep -q "^worse 0, lost 0, better 0, unclear 0$" "$scratch/out"

# Without what the copy makes anew or does not need.
mkdir "$scratch/tree"
# Other tests may write there meanwhile, of which tar tells by 1.
{
    tar cf - --exclude=build/images --exclude=build/tests --exclude='build/boot-*' Makefile bench.toml kernels workloads \
        harness tests/tests.mk tests/unit build || [ $? -eq 1 ]
} | tar xf - -C "$scratch/tree"
sed -i '/^int64_t fs_read(/,/^}/ s/^    uint64_t in = .*/    __asm__ volatile("nop; nop; nop");\n&/' \
    "$scratch/tree/kernels/parts/fs/read.c"
check "fs is slower in the copy" grep -q "nop; nop" "$scratch/tree/kernels/parts/fs/read.c"
check "a run of the copy" run "$scratch/tree" "$scratch/slower"
check "a slower part is a regression" compare 1 "$scratch/first" "$scratch/slower"
check "... which is named" grep -q "^parts that grew: fs (9 cells, 27 instructions/op in all)$" "$scratch/out"
check "... with its counts" grep -qE "mono/read_hot +instructions .*by part: fs \+3 \(" "$scratch/out"
check "... and no other cell is" bash -c "! grep -q call_null '$scratch/out'"
check "a gate can let it pass" compare 0 "$scratch/first" "$scratch/slower" --gate 5%
check "the other way round it is better" compare 0 "$scratch/slower" "$scratch/first"

cp kernels/parts/fs/read.c "$scratch/tree/kernels/parts/fs/read.c"
sed -i '/^int blk_submit(/,/^}/ s/^{$/&\n    __asm__ volatile("nop; nop; nop; nop; nop; nop; nop");/' \
    "$scratch/tree/kernels/parts/blk/blk.c"
check "blk is slower in the copy" grep -q "nop; nop" "$scratch/tree/kernels/parts/blk/blk.c"
check "a run of the copy" run "$scratch/tree" "$scratch/slower2"
check "3 % of a part are a regression where they are 0.3 % of the whole" compare 1 "$scratch/first" "$scratch/slower2" \
    --only '*/read_cold'
check "... the part is named" grep -qE "^parts that grew: blk \(1 cell, 7.* instructions/op in all\)$" "$scratch/out"
check "... and nothing else is" grep -q "^worse 2, lost 0" "$scratch/out"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
