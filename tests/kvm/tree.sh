# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# tree.sh: the tree of L1: busybox, QEMU and toll with their libraries, images, and the modules of KVM.  Sourced by
# run.sh; it takes that script's variables root, here, busybox, qemu, kernel_package, structures, workloads, machines and
# small.

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
    printf '[run]\nmachine = "%s"\ntimeout_s = 90\ntime_repetitions = 1\ntime_repetitions_min = 1\ntime_twin = "uni"\n' "$1"
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
    install -m 755 "$here/init" "$here/steps" "$root/"
    sed "s,QEMU,$qemu," "$here/qemu.in" >"$root/bin/qemu-l2"
    chmod 755 "$root/bin/qemu-l2"
    echo "$machines" >"$root/machines"
    [[ ! $small ]] || touch "$root/small"
}
