#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# calibrate_guest.sh: the measuring guest of `toll calibrate` does every way that it knows, under QEMU's emulator and so
# without KVM: each is measured or refused with a reason, and the guest ends well.  No time is asserted.
# usage: tests/harness/calibrate_guest.sh [GUEST]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
guest=${1:-$here/../../build/images/calibrate.elf}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
passed=0 failed=0

check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok - $name"
    else
        failed=$((failed + 1))
        echo "not ok - $name"
        sed 's/^/    /' "$said"
    fi
}

status=0
timeout 600 "${TOLL_QEMU:-qemu-system-x86_64}" -M microvm,pit=off,pic=off,rtc=on,isa-serial=on -accel tcg -cpu max \
    -m 16 -nodefaults -no-user-config -display none -no-reboot -serial "file:$said" \
    -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$guest" || status=$?
check "the guest ends well" test "$status" -eq 33
for way in empty syscall exception as_switch invlpg port_io mmio apic_eoi ipi timer_spin timer_halt; do
    check "$way is measured" grep -qE "^CAL $way [0-9]+( [0-9]+){31}"$'\r?$' "$said"
done
for way in as_switch_kept hypercall wrmsr; do
    check "$way is measured or refused" grep -qE "^CAL $way ([0-9]+( [0-9]+){31}|none [a-zA-Z].*)"$'\r?$' "$said"
done
check "the guest says that it is done" grep -q "^CAL end" "$said"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
