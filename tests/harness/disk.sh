#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# disk.sh: what the disk was asked, as results tell it, is what QEMU's own device saw: each system writes files, once so
# many times and once three times as many, and the difference of QEMU's traces of both boots is the difference of both
# windows.  Prints one line a test and "N passed, M failed".
# usage: tests/harness/disk.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"
real=$(command -v qemu-system-x86_64)
unset TOLL_PROBE_MS
export TOLL_ROOT=$here/../..
cd "$TOLL_ROOT"
systems='uni exo micro hybrid micro1 mono linux'

export TOLL_QEMU=$scratch/qemu
cat > "$TOLL_QEMU" << SHELL
#!/bin/sh
case " \$* " in
*" -drive "*) exec '$real' "\$@" -trace 'virtio_blk_*' -D "\$TRACE" ;;
esac
exec '$real' "\$@"
SHELL
chmod +x "$TOLL_QEMU"
{
    printf '[run]\n'
    for system in $systems; do
        printf '[structure.%s]\n' "$system"
        [ "$system" != linux ] || printf 'memory_mib = 256\n'
    done
    printf '[workload.file_write]\nops = 20\nwarm = 2\n'
    printf '[workload.file_write_more]\nprogram = "file_write"\nops = 60\nwarm = 2\n'
} > "$scratch/bench.toml"

# boots SYSTEM: both, each with a trace of its own.
boots() {
    local of
    for of in file_write file_write_more; do
        TRACE=$scratch/$1.$of.trace run 0 run --lane exact --reps 1 --config "$scratch/bench.toml" \
            --only "$1:default/$of" -o "$scratch/$1.$of" || return 1
    done
}

# agree SYSTEM: a request that is neither read nor write is a flush, or Linux's question who the disk is, at boot.
agree() {
    /usr/bin/python3 - "$scratch/$1" << 'PYTHON'
import collections, json, sys

def asked(of):
    sample = json.loads(open(f"{sys.argv[1]}.{of}/samples.jsonl").readlines()[0])
    told = [sample["metrics"][f"disk_{what}"] for what in ("read", "write", "flush")]
    seen = collections.Counter(line.split()[0] for line in open(f"{sys.argv[1]}.{of}.trace"))
    return told, [seen["virtio_blk_handle_read"], seen["virtio_blk_handle_write"],
                  seen["virtio_blk_req_complete"] - seen["virtio_blk_rw_complete"]]

few, more = asked("file_write"), asked("file_write_more")
told, seen = ([b - a for a, b in zip(few[i], more[i])] for i in (0, 1))
assert told == seen, f"results: {told}, QEMU: {seen}"
assert told[0] == 0 and told[1] >= 40 and told[2] >= 40, told
PYTHON
}

for system in $systems; do
    check "$system writes files" boots "$system"
    check "... and what it says the disk was asked, QEMU saw" agree "$system"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
