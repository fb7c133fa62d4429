#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# map.sh [-s] OUT VERSION VMLINUX INITRAMFS CMDLINE_FILE: writes the counting plugin's map of the baseline: the kernel's
# entries, which a boot of the kernel itself tells ("symbols", init.c), and the windows of workload.ld.  As the entries
# are the same for one kernel, they are kept in the cache by its version.  -s: the programs are the distribution's servers,
# where the kernel puts position-independent programs and their libraries, and serve.c in the windows of workload.ld.
set -euo pipefail

servers=
if [[ $1 == -s ]]; then
    servers=1
    shift
fi
out=$1 version=$2 vmlinux=$3 initramfs=$4 cmdline=$5
cache=${TOLL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/toll}
symbols=$cache/linux-symbols-$version-$(cat "$0" "$(dirname "$0")/symbols.c" | sha256sum | cut -c1-12)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Boots the kernel and leaves the records that it prints in $symbols.
ask() {
    local status=0
    timeout 300 qemu-system-x86_64 -M microvm,pit=off,pic=off,rtc=on,isa-serial=on -accel tcg,thread=single \
        -icount shift=0,sleep=off -cpu max -m 256 -nodefaults -no-user-config -display none -no-reboot \
        -serial "file:$work/serial" -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$vmlinux" \
        -initrd "$initramfs" -append "$(<"$cmdline") -- symbols" >"$work/qemu" 2>&1 || status=$?
    if ((status != 33)); then
        echo "map.sh: the kernel was to tell its symbols, but QEMU ended with status $status:" >&2
        tail -n 20 "$work/qemu" "$work/serial" >&2
        exit 1
    fi
    grep -a '^TOLL1 sym ' "$work/serial" >"$work/symbols"
    mkdir -p "$cache"
    mv "$work/symbols" "$symbols"
}

[[ -s $symbols ]] || ask
{
    echo "toll-map 1"
    if [[ $servers ]]; then
        echo "range 400000 20000000 app steps"
        echo "range 550000000000 570000000000 app app"
        echo "range 7f0000000000 7fffffffffff app libraries"
    else
        echo "range 400000 10000000 app app"
        echo "range 10000000 20000000 app libc"
        echo "range 20000000 30000000 app zlib"
        echo "range 7f0000000000 7fffffffffff app vdso"
    fi
    echo "range ffff800000000000 ffffffffffffffff kernel kernel"
    # Its direct map, array of pages and own image (Documentation/x86/x86_64/mm.rst).
    echo "large ffff888000000000 ffffc88000000000"
    echo "large ffffea0000000000 ffffeb0000000000"
    echo "large ffffffff80000000 ffffffffa0000000"
    awk '$3 == "boot" { print "boot", $4; next } { print "entry", $4, $3, $5 }' "$symbols"
} >"$out.new"
mv "$out.new" "$out"
