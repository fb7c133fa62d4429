#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# boot.sh: toll boot on real images, under emulation: each point of a boot is reached, and all times are kept.
# Prints one line a test and "N passed, M failed".
# usage: tests/harness/boot.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"
unset TOLL_QEMU TOLL_PROBE_MS
export TOLL_ROOT=$here/../..

check "an unknown way is refused" run 2 boot --accel fast
check "... and explained" err "expected kvm or tcg"
check "so is one boot" run 2 boot --runs 1
for runs in 20x 4294967316 -3 '' ' 20'; do
    check "so are '$runs' boots" run 2 boot --runs "$runs"
    check "... with what is expected" err "expected a whole number from 2 to 10000"
done
check "so is a surplus word" run 2 boot uni
if ! command -v hyperfine > /dev/null; then
    echo "skipped: boots (there is no hyperfine: harness/deps/deps.sh time)"
else
    check "boots are measured" run 0 boot --accel tcg --runs 2 --only 'uni:default/null,mono:default/null' --json
    check "... with every time" /usr/bin/python3 - "$scratch/out" << 'PYTHON'
import json, sys

told = json.load(open(sys.argv[1]))
assert (told["accel"], told["runs"], len(told["boots"])) == ("tcg", 2, 2)
for boot in told["boots"]:
    assert set(boot["parts"]) == {"qemu", "firmware", "kernel", "all"}
    assert all(len(times) == 2 and min(times) > 0 for times in boot["seconds"].values())
    assert set(boot["seconds"]) == {"none", "qemu", "entry", "ready"}
PYTHON
    check "as a table" run 0 boot --accel tcg --runs 2 --only 'uni:default/null'
    check "... which says what it is not" out "under emulation (TCG): not the times of any hardware"
    check "... with a row" out "^null *uni  "
    mkdir "$scratch/once"
    cp "$TOLL_ROOT/build/disk.img" "$scratch/once"
    check "a guest that ends early did not come to its stage" \
        env TOLL_QEMU=/bin/false bash -c "'$toll' boot --once ready --folder '$scratch/once' --accel tcg --only uni:default/null; [ \$? -eq 4 ]"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
