#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# layers_test.sh: shows that each rule of layers.sh sees what it forbids: in a copy of the tree, one violation at a
# time is made, must be reported with its file, and is taken back.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/build/gen" "$copy/build/images/one" "$copy/build/images/two/books-off" "$copy/build/workloads"
cp -r kernels workloads tests harness "$copy"
[[ ! -d build/parts ]] || cp -r build/parts "$copy/build"
[[ ! -e build/gen/os_calls.h ]] || cp build/gen/os_calls.h "$copy/build/gen"
for name in one two two/books-off; do
    printf '{"structure":"%s","workload":"null","objects":{"fs":"aa"},"workload_sha256":"bb"}\n' $name \
        >"$copy/build/images/$name/null.json"
done
passed=0 failed=0

# try RULE FILE COMMAND...: after COMMAND has changed FILE in the copy, RULE must report FILE.
try() {
    local rule=$1 file=$2 out
    shift 2
    [[ ! -e $copy/$file ]] || cp -p "$copy/$file" "$copy/saved"
    (cd "$copy" && "$@")
    out=$("$copy/tests/layers.sh" "$rule" || true)
    if grep -q "^$file:[0-9]*: " <<<"$out"; then
        printf 'ok   %s: %s\n' "$rule" "$file"
        passed=$((passed + 1))
    else
        printf 'FAIL %s did not see: %s\n%s\n' "$rule" "$*" "$out"
        failed=$((failed + 1))
    fi
    rm -f "$copy/$file"
    [[ ! -e $copy/saved ]] || mv "$copy/saved" "$copy/$file"
}

append() {
    printf '%b\n' "$2" >>"$1"
}

without_first() {
    sed -i '1d' "$1"
}

try includes kernels/parts/sched/sched.c append kernels/parts/sched/sched.c '#include "machine/x86.h"'
try includes kernels/parts/sched/sched.c append kernels/parts/sched/sched.c '#include <stdio.h>'
try includes kernels/parts/posix/poll.c append kernels/parts/posix/poll.c '#include "parts/fs/ext2.h"'
try includes kernels/base/string.c append kernels/base/string.c '#include "env.h"'
try includes kernels/machine/irq.c append kernels/machine/irq.c '#include "mono/call.h"'
try includes kernels/user/user.h append kernels/user/user.h '#include "uni/stack.h"'
try includes kernels/uni/call.c append kernels/uni/call.c '#include "mono/call.h"'
try includes kernels/micro/main.c append kernels/micro/main.c '#include "hybrid/files.h"'
try includes kernels/hybrid/files.c append kernels/hybrid/files.c '#include "mono/call.h"'
try includes kernels/hybrid/files.c sed -i /KERNEL/d kernels/hybrid/image.mk
cp kernels/hybrid/image.mk "$copy/kernels/hybrid/image.mk"
try includes kernels/mono/env.c append kernels/mono/env.c '#include "parts/pager/pager_private.h"'
try includes harness/audit.c append harness/audit.c '#include "kernels/include/fs.h"'
try includes workloads/null.c append workloads/null.c '#include "fs.h"'
try words kernels/parts/fs/fs.c append kernels/parts/fs/fs.c '/* in mono this is a call */'
try words workloads/disk.mk append workloads/disk.mk '# for the Uni image'
try conditionals kernels/parts/fs/fs.c append kernels/parts/fs/fs.c '#ifdef RING0\n#endif'
try conditionals kernels/machine/cpu.h append kernels/machine/cpu.h '#if HOME == 2\n#endif'
try conditionals kernels/uni/main.c append kernels/uni/main.c '#ifndef MONO\n#endif'
if [[ -d build/parts ]]; then
    try symbols kernels/parts/sched/exports append kernels/parts/sched/exports sched_nothing
    try symbols kernels/parts/sched/exports sed -i /sched_wake/d kernels/parts/sched/exports
    try symbols kernels/parts/sched/needs append kernels/parts/sched/needs env_log
    try symbols kernels/parts/sched/needs sed -i /env_idle/d kernels/parts/sched/needs
fi
try sorted kernels/parts/sched/needs append kernels/parts/sched/needs aaa
try manifests build/images/two/null.json sed -i s/bb/cc/ build/images/two/null.json
try manifests build/images/two/null.json sed -i s/aa/cc/ build/images/two/null.json
try manifests build/images/two/books-off/null.json sed -i s/aa/cc/ build/images/two/books-off/null.json
try spdx kernels/uni/main.c without_first kernels/uni/main.c
try heads kernels/uni/main.c without_first kernels/uni/main.c
try size kernels/uni/main.c append kernels/uni/main.c "$(seq 600)"
try text kernels/uni/main.c append kernels/uni/main.c '/* TO''DO */'
try text kernels/uni/main.c append kernels/uni/main.c '/* since 2020-02-02 */'
try text harness/audit.c append harness/audit.c '#define PATH "/root/toll"'
try bash tests/layers.sh sed -i 's/^set -euo pipefail/set -eu/' tests/layers.sh
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
