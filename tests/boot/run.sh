#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: boots images under emulation and looks at what they say and leave behind.  The cases are in matrix.sh.
#
# usage: tests/boot/run.sh [-j JOBS] [-k] [PATTERN]      cases whose names match the extended regular expression
#        tests/boot/run.sh -l [PATTERN]                  only their names
#
# Every case is one boot: the record `TOLL1 done` must say ok (or skip, where that is expected), no panic may be
# reported, QEMU must leave with the right status, and e2fsck must find the disk clean.  One line a case, `ok NAME`
# or `FAIL NAME: why`; the last line is `N passed, M failed`.  -k keeps the serial output of failures.
#
# Needs `make images guest-images build/disk.img`.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C
# shellcheck source=tests/cases.sh
. tests/cases.sh
# shellcheck source=tests/boot/checks.sh
. tests/boot/checks.sh

timeout_s=600 # much more than a case takes, for a host can be slow
while getopts j:kl option; do
    case $option in
    j) jobs=$OPTARG ;;
    k) keep=1 ;;
    l) list=1 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

status_ok=33 status_fail=35 status_panic=37
declare -A image_of

# boot_case NAME STRUCTURE PROGRAM WORDS [KEY=VALUE...]: declares a case.  Keys, with what holds if absent:
#   machine=microvm memory=64 cpu=max    disk=base (none, garbage, empty, twin: two of them, for two environments)
#   done=ok (skip, fail, none)  status=33 (any)  check=FUNCTION (of checks.sh)
#   clock=counted (real: the guest's time is the host's)    input=no (yes: a byte on the serial line, when asked for)
#   kernel= (words for the kernel, joined by +)    tables=no (hidden, whole: ring3_tables.py looks and ends QEMU)
#   nmi=no (yes: one comes once the program runs)
boot_case() {
    case_declare "$1" "$3 $4" "${@:5}"
    image_of[$1]=build/images/$2/$3.elf
}

# ---- the one place for QEMU's options ----

# qemu FOLDER MACHINE CPU MEMORY IMAGE KERNEL-WORDS WORDS: the disk is FOLDER/disk, if there is one; more options in qemu_more.
# Standard input is the serial line's.
qemu_more=()
qemu_clock=(-icount 'shift=0,sleep=off')
qemu() {
    local folder=$1 board=(-M q35) transport=virtio-blk-pci,disable-legacy=on disk=() cpu=$3
    if [[ $2 == microvm ]]; then
        board=(-M 'microvm,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off' -global virtio-mmio.force-legacy=false)
        transport=virtio-blk-device
    fi
    if [[ -e $folder/disk ]]; then
        disk=(-drive "id=d0,file=$folder/disk,format=raw,if=none" -device "$transport,drive=d0")
    fi
    if ((${#qemu_clock[@]})); then
        cpu+=,-x2apic # that of QEMU from 9.0 on does not go with icount (harness/qemu.c)
    fi
    timeout "$timeout_s" qemu-system-x86_64 "${board[@]}" -accel tcg,thread=single "${qemu_clock[@]}" \
        -cpu "$cpu" -m "$4" -nodefaults -no-user-config -display none -no-reboot -serial stdio \
        -device isa-debug-exit,iobase=0xf4,iosize=4 -rtc base=2024-01-01,clock=vm -seed 1 "${disk[@]}" \
        -kernel "$5" -append "seed=1 epoch=1704067200 $6 -- $7" "${qemu_more[@]}" >"$folder/serial" 2>"$folder/stderr"
}

# ---- one case ----

disk_make() { # KIND FILE
    case $1 in
    base) cp --sparse=always build/disk.img "$2" 2>&1 ;;
    garbage) /usr/bin/python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(1).randbytes(4 << 20))' >"$2" ;;
    empty) truncate -s 4M "$2" ;;
    twin) cat build/disk.img build/disk.img >"$2" ;;
    esac
}

# Succeeds, or says why the case failed.
judge() { # NAME FOLDER STATUS
    local wanted
    wanted=$(setting "$1" status $status_ok)
    if [[ $wanted == any && $3 != 124 && $3 != "$status_panic" ]]; then
        wanted=$3
    fi
    if [[ $3 != "$wanted" ]]; then
        echo "QEMU left with status $3 instead of $wanted: $(tail -n 1 "$2/stderr" "$2/serial" 2>&1 | tr '\n' ' ')"
        return 1
    fi
    if [[ $wanted != "$status_panic" ]] && grep -q '^TOLL1 panic' "$2/serial"; then
        grep '^TOLL1 panic' "$2/serial"
        return 1
    fi
    if grep -a '^TOLL1 value [a-z]*_leaked [a-z]* [1-9]' "$2/serial"; then
        return 1
    fi
    wanted=$(setting "$1" 'done' ok)
    if [[ $wanted != none ]] && ! grep -q "^TOLL1 done ${words_of[$1]%% *} $wanted" "$2/serial"; then
        echo "not $wanted, but: $(grep '^TOLL1 done' "$2/serial" || tail -n 1 "$2/serial")"
        return 1
    fi
    if [[ $wanted != none ]] && grep '^process 1 is ended by signal' "$2/serial"; then
        return 1
    fi
    if [[ $(setting "$1" disk base) == base && $wanted != none ]] && ! e2fsck -fn "$2/disk" >"$2/fsck" 2>&1; then
        echo "e2fsck: $(grep -v -e '^Pass' -e '^$' -e '^e2fsck' "$2/fsck" | head -n 2 | tr '\n' ' ')"
        return 1
    fi
    wanted=$(setting "$1" check true)
    "$wanted" "$2"
}

# Succeeds, or says why the case failed.
case_try() { # NAME FOLDER
    local name=$1 folder=$2 status=0 kernel sectors
    disk_make "$(setting "$name" disk base)" "$folder/disk" || return
    if [[ $(setting "$name" nmi no) == yes ]]; then
        nmi_send "$folder" >/dev/null &
        qemu_more=(-monitor "unix:$folder/monitor,server,nowait")
    fi
    if [[ $(setting "$name" tables no) != no ]]; then
        /usr/bin/python3 tests/boot/ring3_tables.py "$folder" "$(setting "$name" tables no)" >"$folder/tables" 2>&1 &
        qemu_more=(-monitor "unix:$folder/monitor,server,nowait")
    fi
    if [[ $(setting "$name" clock counted) == real ]]; then
        qemu_clock=()
    fi
    if [[ $(setting "$name" input no) == yes ]]; then
        exec < <(input_send "$folder")
    fi
    kernel=$(setting "$name" kernel)
    [[ ${image_of[$name]} != */exo/* ]] || kernel+="+leaks=1" # there nothing may be left over, whatever was run
    if [[ $(setting "$name" disk base) == twin ]]; then
        sectors=$(($(stat -c %s "$folder/disk") / 1024))
        kernel+="+extent=0:$sectors+extent=$sectors:$sectors"
    fi
    qemu "$folder" "$(setting "$name" machine microvm)" "$(setting "$name" cpu max)" "$(setting "$name" memory 64)" \
        "${image_of[$name]}" "${kernel//+/ }" "${words_of[$name]}" || status=$?
    judge "$name" "$folder" "$status"
}

case_keep() { # NAME FOLDER
    cp "$2/serial" "build/boot-$1.serial"
}

# shellcheck source=tests/boot/matrix.sh
. tests/boot/matrix.sh
cases_select "${1:-.}"
reference_make
cases_run
