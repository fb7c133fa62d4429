#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: boots images in Bochs, whose processors have PCID and INVPCID; QEMU's TCG has neither.  Every instruction that
# needs them is executed and may fault; what a TLB keeps it does not show, for Bochs forgets everything at each load of a
# page table (tests/unit/test_tlb.c has a model that keeps all it may).
#
# usage: tests/bochs/run.sh [PATTERN]
#
# Needs Bochs and its BIOS (packages bochs, bochsbios, vgabios); skips everything without.
set -euo pipefail
cd "$(dirname "$0")/../.."
pattern=${1:-.} seconds=600 memory_mib=64
share=/usr/share passed=0 failed=0

for file in "$share/bochs/BIOS-bochs-latest" "$share/vgabios/vgabios.bin"; do
    if [[ ! -e $file ]] || ! command -v bochs >/dev/null; then
        echo "Bochs is not installed"
        echo "1 skipped, 0 passed, 0 failed"
        exit 0
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# disk_make IMAGE WORDS: work/disk
disk_make() {
    local bytes chunks
    cp "$1" "$work/image.elf"
    gcc -m32 -O1 -ffreestanding -fno-pie -fno-stack-protector -fcf-protection=none -mgeneral-regs-only \
        -fno-asynchronous-unwind-tables -DMEMORY_BYTES="(${memory_mib}u << 20)" -DWORDS="\"$2\"" -Wa,-I"$work" -c \
        -o "$work/load.o" tests/bochs/load.c
    ld -m elf_i386 --no-warn-rwx-segments -T tests/bochs/load.ld -o "$work/load.elf" "$work/load.o"
    objcopy -O binary "$work/load.elf" "$work/load"
    bytes=$(stat -c %s "$work/load")
    chunks=$(((bytes + 32767) / 32768))
    gcc -m32 -DCHUNKS=$chunks -c -o "$work/boot.o" tests/bochs/boot.S
    ld -m elf_i386 -Ttext=0x7c00 --oformat binary -o "$work/disk" "$work/boot.o"
    cat "$work/load" >>"$work/disk"
    truncate -s 16515072 "$work/disk" # 32 cylinders of 16 heads and 63 sectors
}

# bochs_run CPU: the serial line's text in work/serial
bochs_run() {
    rm -f "$work/serial" "$work/disk.lock"
    cat >"$work/settings" <<END
megs: $memory_mib
romimage: file=$share/bochs/BIOS-bochs-latest
vgaromimage: file=$share/vgabios/vgabios.bin
cpu: model=$1, ips=20000000, reset_on_triple_fault=0
ata0: enabled=1
ata0-master: type=disk, path=$work/disk, mode=flat, cylinders=32, heads=16, spt=63
ata1: enabled=0
boot: disk
com1: enabled=1, mode=file, dev=$work/serial
display_library: rfb, options="timeout=0"
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1, gameport=0, iodebug=0
sound: driver=dummy
log: $work/log
panic: action=fatal
error: action=ignore
info: action=ignore
END
    echo c >"$work/commands"
    bochs -q -f "$work/settings" -rc "$work/commands" >"$work/out" 2>&1 </dev/null &
    local bochs=$!
    for ((i = 0; i < seconds * 10; i++)); do
        sleep 0.1
        if grep -qsa -e '^TOLL1 exit' -e '^TOLL1 panic' -e '^TOLL1 done tables' "$work/serial" || ! kill -0 $bochs 2>/dev/null; then
            break
        fi
    done
    { kill -9 $bochs || true; wait $bochs || true; } 2>/dev/null
}

# kept all|none|some: of the page-table loads that the window record counts.
kept() {
    local all kept
    all=$(grep -oa 'as_switch=[0-9]*' "$work/serial" 2>/dev/null | cut -d = -f 2)
    kept=$(grep -oa 'as_switch_kept=[0-9]*' "$work/serial" 2>/dev/null | cut -d = -f 2)
    case $1 in
    all) [[ ${all:-0} -gt 0 && $kept == "$all" ]] ;;
    none) [[ ${kept:-0} == 0 ]] ;;
    esac
}

# bochs_case CPU STRUCTURE KERNEL-WORDS all|none PROGRAM [WORDS...]
bochs_case() {
    local name="$1 $2 ${3:-default} $5" cpu=$1 image=build/images/$2/$5.elf words="seed=1 $3 -- ${*:5}" wanted=$4
    [[ $name =~ $pattern ]] || return 0
    disk_make "$image" "$words"
    bochs_run "$cpu"
    if ! grep -qa "^TOLL1 done $5 ok" "$work/serial" || grep -qa '^TOLL1 panic' "$work/serial"; then
        echo "FAIL $name: $(tail -n 2 "$work/serial" "$work/out" 2>&1 | tr '\n' ' ')"
        failed=$((failed + 1))
    elif ! kept "$wanted"; then
        echo "FAIL $name: not $wanted loads were kept: $(grep -a '^TOLL1 window' "$work/serial")"
        failed=$((failed + 1))
    else
        echo "ok $name"
        passed=$((passed + 1))
    fi
}

# With both, with PCID alone, with neither.
for cpu in corei7_skylake_x corei7_ivy_bridge_3770k core2_penryn_t9600; do
    bochs_case $cpu machine '' none tables
done
for structure in mono exo micro; do
    bochs_case corei7_skylake_x $structure '' all switch_pingpong ops=50
    bochs_case corei7_ivy_bridge_3770k $structure '' all switch_pingpong ops=50
    bochs_case corei7_skylake_x $structure nopcid none switch_pingpong ops=50
    bochs_case corei7_skylake_x $structure '' none isolation
done
bochs_case corei7_skylake_x mono kpti all switch_pingpong ops=50
bochs_case corei7_ivy_bridge_3770k mono kpti none switch_pingpong ops=50
bochs_case corei7_skylake_x mono 'kpti nopcid' none switch_pingpong ops=50
bochs_case corei7_skylake_x mono kpti none isolation
bochs_case corei7_skylake_x micro '' all fault_anon ops=50
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
