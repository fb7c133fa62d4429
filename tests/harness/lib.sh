# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh: what the tests of the command line share; they source it with toll's path, if it is another, as $1.
here=$(cd "$(dirname "$0")" && pwd)
toll=$(realpath "${1:-$here/../../build/toll}")
export TOLL_QEMU=$here/fake-qemu.sh
# A host that is slow is no broken KVM; the tests of one that is set less.
export TOLL_PROBE_MS=60000
unset TOLL_ROOT NO_COLOR
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# check NAME COMMAND...: the command must succeed.
check() {
    local name=$1
    shift
    if "$@" > "$scratch/check" 2>&1; then
        passed=$((passed + 1))
        echo "ok - $name"
    else
        failed=$((failed + 1))
        echo "not ok - $name"
        sed 's/^/    /' "$scratch/check" "$scratch/out" "$scratch/err"
    fi
}

# tree: a fresh fake tree, as the working directory.
tree() {
    rm -rf "$scratch/tree"
    cp -r "$here/tree" "$scratch/tree"
    cd "$scratch/tree" || exit 1
}

# run EXPECTED-STATUS WORD...: calls toll; true if it leaves with that status.
run() {
    local expected=$1 status=0
    shift
    "$toll" "$@" > "$scratch/out" 2> "$scratch/err" || status=$?
    [ "$status" -eq "$expected" ]
}

# wait_for COMMAND...: until it holds; a host can be slow.
wait_for() {
    for ((i = 0; i < 2400; i++)); do
        "$@" && return
        sleep 0.05
    done
    false
}

out() { grep -q -- "$1" "$scratch/out"; }
err() { grep -q -- "$1" "$scratch/err"; }
