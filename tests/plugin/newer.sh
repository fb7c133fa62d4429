#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# newer.sh: a guest executes the same instructions, whichever QEMU counts them.  Runs all structures but Linux, whose
# timers do not repeat to the last instruction, under qemu-system-x86_64 and under a second QEMU, and compares all counts;
# skipped if TOLL_QEMU_NEWER names none.  Prints one line a check and "N passed, M failed".
# usage: TOLL_QEMU_NEWER=PROGRAM tests/plugin/newer.sh [PATTERNS]
# shellcheck disable=SC2317 # measure is called by name, through check
set -euo pipefail
cd "$(dirname "$0")/../.."

newer=${TOLL_QEMU_NEWER:-}
if [[ -z $newer ]]; then
    echo "TOLL_QEMU_NEWER names no second QEMU"
    echo "1 skipped, 0 passed, 0 failed"
    exit 0
fi
only=$(cd kernels && dirname -- */image.mk | sed 's|$|/*|' | paste -sd,)
only=${1:-$only} passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check WHAT COMMAND...: its output is shown if it fails.
check() {
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
        echo "ok: $what"
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        tail -20 "$work/said"
    fi
}

measure() { # FOLDER QEMU
    TOLL_QEMU=$2 build/toll run --lane exact --reps 1 --only "$only" -o "$work/$1"
}

check "$(qemu-system-x86_64 --version | head -1): every cell is admitted" measure first qemu-system-x86_64
check "$("$newer" --version | head -1): so it is there" measure second "$newer"
check "no count is greater there" build/toll compare --anyway "$work/first" "$work/second"
check "... nor less" build/toll compare --anyway "$work/second" "$work/first"
echo "$passed passed, $failed failed"
exit $((failed > 0))
