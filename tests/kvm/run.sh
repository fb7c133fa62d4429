#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: the time lane under a KVM that works, on machines that have none.
#
#   this machine   QEMU emulates an AMD processor with SVM (-accel tcg -cpu max,+svm)
#   L1             Debian's cloud kernel loads its kvm-amd there, and build/toll runs
#   L2             toll boots the images with -accel kvm
#
# KVM, its tracepoints and BPF are the real ones, only the processor beneath is emulated.  So this shows that the time
# lane works: every structure boots and passes its checks on both machines, VM exits are counted by reason by BPF and by
# tracepoints alike, the guest is pinned, the doctor says what is there.  Times from there mean nothing.
#
# usage: tests/kvm/run.sh [-k] [-s] [-m MACHINES]
#   -s  a small subset: one workload on microvm
#   -m  these machines only
#   -k  keep the folder with consoles and results
#
# The emulated processor can fail: where L1's kernel stands still, by its own words or because its pulse stops, L1 is
# started again and goes on after the last group of steps that it had done.  Three such L1, or a machine so slow that
# the time is spent while guests still end well, say nothing of toll: the checks that were not reached are skipped.
#
# Needs QEMU, a static busybox, cpio, the images, and the kernel that the Linux baseline uses.  Skipped, with the reason,
# where something is missing.  The last line is "N passed, M failed".
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/kvm
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C

keep='' small='' chosen=''
while getopts ksm: option; do
    case $option in
    k) keep=1 ;;
    m) chosen=$OPTARG ;;
    s) small=small ;;
    *) exit 2 ;;
    esac
done

skip() {
    echo "skipped: the time lane under an emulated KVM: $1"
    echo "0 passed, 0 failed"
    exit 0
}

structures='uni mono exo micro micro1 hybrid'
workloads='read_hot file_write switch_pingpong'
machines='microvm q35'
limit_s=1800 # much more than it takes where nothing else runs
if [[ $small ]]; then
    workloads='file_write'
    machines='microvm'
    limit_s=570
fi
attempts=3
pulse_s=60    # without a pulse for so long L1 stands still
lockup_s=20   # L1's kernel calls it a lockup after twice this
guest_s=150   # a guest ends, or is ended, in less: more without a word is not slowness

machines=${chosen:-$machines}

kernel_package=$(sed -n 's/^LINUX_DEB := //p' build/deps.mk 2>/dev/null || true)
[[ -n $kernel_package ]] || skip "the kernel of the Linux baseline is not there (make deps)"
kernel=$(echo "$kernel_package"/boot/vmlinuz-*)
[[ -f $kernel ]] || skip "there is no kernel in the package of the Linux baseline"
qemu=$(command -v qemu-system-x86_64) || skip "there is no qemu-system-x86_64"
for tool in cpio e2fsck ldd; do
    command -v $tool >/dev/null || skip "there is no $tool"
done
"$qemu" -accel help | grep -qx tcg || skip "this QEMU cannot emulate"
busybox=
for file in /bin/busybox /usr/bin/busybox; do
    if [[ -x $file ]] && ! ldd "$file" >/dev/null 2>&1; then
        busybox=$file
    fi
done
[[ -n $busybox ]] || skip "there is no static busybox (package busybox-static)"
for file in build/toll build/images/probe.elf build/images/calibrate.elf build/disk.img; do
    [[ -e $file ]] || skip "$file is not built (make test-kvm builds it)"
done

work=$(mktemp -d)
pid=
cleanup() {
    [[ -z $pid ]] || kill -KILL "$pid" 2>/dev/null || true
    if [[ $keep ]]; then
        echo "kept: $work"
    else
        rm -rf "$work"
    fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
root=$work/root

# shellcheck source=tests/kvm/tree.sh
. $here/tree.sh
tree_make
(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
rm -rf "$root"

# l1_start: in the background, as $pid.
#
# thread=single: with a thread for each processor QEMU 7.2 may go on executing a breakpoint that another processor has
# long taken out again, as L1's kernel does to switch tracepoints on; such a processor never leaves exc_int3.
# Nor does QEMU before version 10 intercept XSETBV for an emulated SVM: L2 would lose AVX at its first exit, so there
# is none.
l1_start() {
    touch "$work"/{console,report,pulse}
    local cpu=max,+svm,-xsave,-avx,-avx2,-f16c,-fma,-vaes words=(
        console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on
        no_timer_check # its test of the timer fails where this host lets QEMU wait
        softlockup_panic=1 "watchdog_thresh=$lockup_s" "DONE=$done_groups")
    "$qemu" -accel tcg,thread=single -cpu $cpu -M q35 -smp 2 -m 1500 -nodefaults -no-user-config -display none \
        -no-reboot -serial "file:$work/console" -serial "file:$work/report" -serial "file:$work/pulse" \
        -kernel "$kernel" -initrd "$work/initramfs" -append "${words[*]}" </dev/null >"$work/messages" 2>&1 &
    pid=$!
}

age() { # FILE: seconds since something was written to it
    echo $(($(date +%s) - $(stat -c %Y "$1")))
}

# l1_watch: waits for the end of L1, or ends it; $end tells: ended, slow (the time is over), or why it stood still.
l1_watch() {
    end=
    while [[ ! $end ]] && kill -0 "$pid" 2>/dev/null; do
        sleep 1
        if [[ $SECONDS -ge $limit_s ]]; then
            end=slow
        elif [[ $(age "$work/pulse") -ge $pulse_s ]]; then
            end="no pulse for $pulse_s s"
        fi
    done
    [[ ! $end ]] || kill -KILL "$pid" 2>/dev/null || true
    status=0
    wait "$pid" 2>/dev/null || status=$?
    pid=
    if [[ ! $end ]]; then
        end=$(grep -aom1 'BUG: soft lockup.*' "$work/console" | tr -d '\r') || end=ended
    fi
}

: >"$work/all"
done_groups=none
for attempt in $(seq $attempts); do
    l1_start
    l1_watch
    cat "$work/report" >>"$work/all"
    [[ $end != ended && $end != slow ]] || break
    step=$(sed -n 's/^STEP //p' "$work/report" | tail -n 1)
    done_groups+=$(sed -n 's/^DONE /,/p' "$work/report" | tr -d '\r\n')
    echo "L1 stood still in ${step:-its boot}: $end"
    printf '\nSTALL\n' >>"$work/all"
    cp "$work/console" "$work/console.$attempt"
    [[ $((limit_s - SECONDS)) -gt $pulse_s ]] || break
done
verdict=whole
if [[ $end == slow && $(age "$work/report") -lt $guest_s ]]; then
    verdict=slow
    echo "this machine is too slow today: not all steps were reached in $limit_s s"
elif [[ $end != ended && $end != slow ]]; then
    verdict=still
elif ! grep -q '^END' "$work/report"; then
    echo "not ok - L1 came to its end ($end, QEMU: status $status)"
    tail -n 15 "$work/messages" "$work/console" "$work/report"
fi
/usr/bin/python3 $here/judge.py $verdict "$work/all" "$structures" "$workloads" "$machines" $small
