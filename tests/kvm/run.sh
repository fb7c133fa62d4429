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
limit_s=1200 # much more than it takes where nothing else runs
if [[ $small ]]; then
    workloads='file_write'
    machines='microvm'
    limit_s=600
fi

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
    [[ -z $pid ]] || kill "$pid" 2>/dev/null || true
    if [[ $keep ]]; then
        echo "kept: $work"
    else
        rm -rf "$work"
    fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
root=$work/root

# program FILE [PLACE]: at its own place or at another, with the shared libraries that it is linked to.
program() {
    local library
    install -D -m 755 "$1" "$root${2:-$1}"
    ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
        # /lib is a link to /usr/lib there.
        library=${library/#\/lib/\/usr\/lib}
        library=${library/#\/usr\/usr/\/usr}
        [[ -e $root$library ]] || install -D -m 755 "$(readlink -f "$library")" "$root$library"
    done
}

# module NAME: after those that it depends on, which the order file remembers.
module() {
    local file dependency
    if grep -qx "$1" "$root/modules/order" 2>/dev/null; then
        return
    fi
    file=$(find "$kernel_package/lib/modules" \( -name "$1.ko*" -o -name "${1//_/-}.ko*" \) -print -quit)
    case $file in
    *.ko) cp "$file" "$root/modules/$1.ko.new" ;;
    *.ko.xz) xz -dc "$file" >"$root/modules/$1.ko.new" ;;
    *) return ;; # built into the kernel
    esac
    for dependency in $({ grep -zao '^depends=.*' "$root/modules/$1.ko.new" || true; } | tr -d '\0' | sed 's/^depends=//; s/,/ /g'); do
        module "$dependency"
    done
    mv "$root/modules/$1.ko.new" "$root/modules/$1.ko"
    echo "$1" >>"$root/modules/order"
}

settings() { # MACHINE: few operations; the processor is emulated twice
    local structure workload
    printf '[run]\nmachine = "%s"\ntimeout_s = 150\ntime_repetitions = 1\ntime_repetitions_min = 1\ntime_twin = "uni"\n' "$1"
    for structure in $structures; do
        printf '[structure.%s]\n' "$structure"
    done
    for workload in $workloads; do
        printf '[workload.%s]\nops = 40\nwarm = 8\n' "$workload"
    done
}

tree_make() {
    local structure workload file
    mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,modules,usr/lib,usr/lib64,usr/bin,toll/build/images,toll/harness,toll/results}
    ln -s usr/lib "$root/lib"
    ln -s usr/lib64 "$root/lib64"
    cp "$busybox" "$root/bin/busybox"
    program "$qemu"
    program "$(command -v e2fsck)"
    program build/toll /usr/bin/toll
    for file in qemu/{pvh,linuxboot_dma,kvmvapic,bios-microvm}.bin qemu/qboot.rom seabios/{bios-256k,bios-microvm}.bin; do
        [[ ! -e /usr/share/$file ]] || install -D -m 644 "$(readlink -f "/usr/share/$file")" "$root/usr/share/$file"
    done
    [[ ! -d harness/profiles ]] || cp -r harness/profiles "$root/toll/harness/"
    install -D -m 644 -t "$root/toll/build" build/disk.img
    cp build/images/{probe,calibrate}.elf "$root/toll/build/images/"
    for structure in $structures; do
        for workload in $workloads; do
            install -D -m 644 -t "$root/toll/build/images/$structure" "build/images/$structure/$workload".{elf,map,json}
        done
    done
    for file in $machines; do
        settings "$file" >"$root/toll/$file.toml"
    done
    cp "$root/toll/${machines%% *}.toml" "$root/toll/bench.toml"
    module kvm_amd
    install -m 755 $here/init "$root/init"
    install -m 755 $here/steps "$root/steps"
    echo "$machines" >"$root/machines"
    [[ ! $small ]] || touch "$root/small"
}

tree_make
(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initramfs"
rm -rf "$root"

# QEMU before version 10 does not intercept XSETBV for an emulated SVM: L2 would lose AVX at its first exit, so there
# is none.
cpu=max,+svm,-xsave,-avx,-avx2,-f16c,-fma,-vaes
timeout -k 5 "$limit_s" "$qemu" -accel tcg -cpu "$cpu" -M q35 -smp 2 -m 1500 -nodefaults -no-user-config -display none \
    -no-reboot -serial "file:$work/console" -serial "file:$work/report" -kernel "$kernel" -initrd "$work/initramfs" \
    -append 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on' </dev/null \
    >"$work/messages" 2>&1 &
pid=$!
status=0
wait "$pid" || status=$?
pid=
if ! grep -q '^END$' "$work/report"; then
    echo "not ok - L1 came to its end (QEMU: status $status)"
    tail -n 15 "$work/messages" "$work/console" "$work/report"
fi
/usr/bin/python3 $here/judge.py "$work/report" "$structures" "$workloads" "$machines" $small
