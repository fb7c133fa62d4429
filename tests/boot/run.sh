#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: boots images under emulation and looks at what they say and leave behind.
#
# usage: tests/boot/run.sh [-j JOBS] [-k] [PATTERN]      cases whose names match the extended regular expression
#        tests/boot/run.sh -l                            only their names
#
# Every case is one boot: the record `TOLL1 done` must say ok (or skip, where that is expected), no panic may be
# reported, QEMU must leave with the right status, and e2fsck must find the disk clean.  One line a case, `ok NAME`
# or `FAIL NAME: why`; the last line is `N passed, M failed`.  -k keeps the serial output of failures.
#
# Needs `make images guest-images build/disk.img`.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C

jobs=2 keep='' list='' timeout_s=100
while getopts j:kl option; do
    case $option in
    j) jobs=$OPTARG ;;
    k) keep=1 ;;
    l) list=1 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
pattern=${1:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status_ok=33 status_fail=35 status_panic=37
names=()
declare -A image_of words_of settings_of

# boot_case NAME STRUCTURE PROGRAM WORDS [KEY=VALUE...]: declares a case.  Keys, with what holds if absent:
#   machine=microvm memory=64 cpu=max    disk=base (none, garbage, empty, twin: two of them, for two environments)
#   done=ok (skip, fail, none)  status=33 (any)  check=FUNCTION (called with the case's folder)
#   clock=counted (real: the guest's time is the host's)    input=no (yes: a byte on the serial line, when asked for)
#   kernel= (words for the kernel, joined by +)    tables=no (hidden, whole: ring3_tables.py looks and ends QEMU)
boot_case() {
    names+=("$1")
    image_of[$1]=build/images/$2/$3.elf
    words_of[$1]="$3 $4"
    settings_of[$1]="${*:5}"
}

# setting NAME KEY FALLBACK
setting() {
    local word
    for word in ${settings_of[$1]}; do
        if [[ $word == "$2="* ]]; then
            echo "${word#*=}"
            return
        fi
    done
    echo "$3"
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
    base) cp --sparse=always build/disk.img "$2" ;;
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

run_case() { # NAME
    local name=$1 folder=$work/$1 status=0 why kernel sectors
    mkdir -p "$folder"
    disk_make "$(setting "$name" disk base)" "$folder/disk"
    if [[ $(setting "$name" nmi no) == yes ]]; then
        nmi_send "$folder" &
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
    kernel=$(setting "$name" kernel '')
    [[ ${image_of[$name]} != */exo/* ]] || kernel+="+leaks=1" # there nothing may be left over, whatever was run
    if [[ $(setting "$name" disk base) == twin ]]; then
        sectors=$(($(stat -c %s "$folder/disk") / 1024))
        kernel+="+extent=0:$sectors+extent=$sectors:$sectors"
    fi
    qemu "$folder" "$(setting "$name" machine microvm)" "$(setting "$name" cpu max)" "$(setting "$name" memory 64)" \
        "${image_of[$name]}" "${kernel//+/ }" "${words_of[$name]}" || status=$?
    if why=$(judge "$name" "$folder" "$status"); then
        echo "ok $name"
    else
        echo "FAIL $name: $why"
        [[ -z $keep ]] || cp "$folder/serial" "build/boot-$name.serial"
    fi
    rm -rf "$folder"
}

# ---- checks beyond the records ----

# The transcript that a program wrote as its output.
transcript() { # SERIAL
    sed -n 's/^TOLL1 o //p' "$1" | /usr/bin/python3 -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}

# What the suite writes on Linux, as this machine's own process.
reference_make() {
    local folder=$work/reference words
    mkdir -p "$folder"/{processes=0,processes=1,sockets=1}
    gcc -std=gnu17 -O1 -w -iquote kernels/include -iquote workloads -iquote tests/guest -o "$folder/suite" \
        tests/guest/posix_suite.c tests/guest/posix_suite/*.c workloads/toll.c -lpthread
    for words in processes=0 processes=1 sockets=1; do
        timeout 60 "$folder/suite" dir="$folder/$words" $words </dev/null >"$folder/serial" \
            3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
        transcript "$folder/serial" >"$folder/transcript-$words"
    done
}

like_linux() { # FOLDER
    transcript "$1/serial" | diff - "$work/reference/transcript-${words_of[${1##*/}]#* }" >"$1/diff" || {
        echo "not as on Linux: $(grep -m 2 '^[<>]' "$1/diff" | tr '\n' ' ')"
        return 1
    }
}

# The program was ended by a signal, and the disk is clean.
ended_by() { # FOLDER SIGNAL
    tr -d '\r' <"$1/serial" | grep -q "^TOLL1 exit $2\$" || {
        echo "not ended by signal $2, but: $(tail -n 1 "$1/serial")"
        return 1
    }
    e2fsck -fn "$1/disk" >"$1/fsck" 2>&1 || {
        echo "e2fsck: $(tail -n 1 "$1/fsck")"
        return 1
    }
}
ended_by_trap() { ended_by "$1" 5; }
ended_by_segv() { ended_by "$1" 11; }

exited() { # FOLDER
    tr -d '\r' <"$1/serial" | grep -q '^TOLL1 exit 0$' || {
        echo "not ended by itself: $(tail -n 1 "$1/serial")"
        return 1
    }
}

# A byte for the serial line, a while after the program waits for it.
input_send() { # FOLDER
    for ((i = 0; i < 600; i++)); do
        if grep -qs '^waiting for input' "$1/serial"; then
            break
        fi
        sleep 0.05
    done
    sleep 1
    printf x
}

# An NMI, once the program runs: nobody expects one, so the kernel gives up and says where it was.
nmi_send() { # FOLDER
    /usr/bin/python3 - "$1" <<'EOF'
import socket
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
for _ in range(600):
    serial = folder / "serial"
    if serial.exists() and b"TOLL1 main" in serial.read_bytes() and (folder / "monitor").exists():
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(str(folder / "monitor"))
            monitor.sendall(b"nmi\n")
            time.sleep(0.5)
        break
    time.sleep(0.05)
EOF
}

tables_as_wanted() { # FOLDER
    wait
    grep -qx 'as wanted' "$1/tables" || {
        tail -n 1 "$1/tables"
        return 1
    }
}

# Every address of the backtrace (or the first N) lies in a function of the image's map, and there is at least one.
backtrace_known() { # FOLDER MAP [N]
    grep -q '^TOLL1 panic' "$1/serial" || {
        echo "no panic was reported"
        return 1
    }
    grep '^TOLL1 bt' "$1/serial" | tr -d '\r' | /usr/bin/python3 -c '
import sys
functions = [(int(w[1], 16), int(w[2], 16)) for w in (line.split() for line in open(sys.argv[1])) if w[0] == "symbol"]
frames = [int(line.split()[2], 16) for line in sys.stdin][: int(sys.argv[2])]
unknown = [hex(f) for f in frames if not any(a <= f < a + max(n, 256) for a, n in functions)]
if not frames or unknown:
    sys.exit("no function of the map has the frames " + " ".join(unknown) if frames else "no backtrace")
' "$2" "${3:-100}" 2>&1
}
backtrace_known_exo() { backtrace_known "$1" build/images/exo/call_null.map; }
backtrace_known_micro() { backtrace_known "$1" build/images/micro/call_null.map 1; } # assembly has no frames
backtrace_known_micro1() { backtrace_known "$1" build/images/micro1/call_null.map 1; }
backtrace_known_mono() { backtrace_known "$1" build/images/mono/call_null.map; }
backtrace_known_uni() { backtrace_known "$1" build/images/uni/call_null.map; }

# Processes end, but not servers.  A hostile process may have written part of a line before.
hostile_ended() { # FOLDER
    grep -qa -e 'TOLL1 exit' "$1/serial" || {
        echo "the machine did not end"
        return 1
    }
    if grep -a -e 'is ended by' "$1/serial" | grep -va -e 'process library ' -e 'environment 0 '; then
        return 1
    fi
}

# Every domain has tried, the network's two too if they are there, and only the one that was to perish did.
intruders_ended() { # FOLDER
    [[ $(grep -c '^TOLL1 value failures_[0-7] attempts 0' "$1/serial") == [68] ]] || {
        echo "not all domains came to their end"
        return 1
    }
    [[ $(grep 'is ended by' "$1/serial" | cut -d ' ' -f 1-6) == 'process echo is ended by exception' ]] || {
        grep 'is ended by' "$1/serial" || echo "nobody perished"
        return 1
    }
}

disk_clean() { # FOLDER
    e2fsck -fn "$1/disk" >"$1/fsck" 2>&1 || {
        echo "e2fsck: $(grep -v -e '^Pass' -e '^$' -e '^e2fsck' "$1/fsck" | head -n 2 | tr '\n' ' ')"
        return 1
    }
}

# Each half of the disk (1, 2) is a clean file system.
half_clean() { # FOLDER HALF
    local sectors
    sectors=$(($(stat -c %s "$1/disk") / 1024))
    dd if="$1/disk" of="$1/half" bs=512 count=$sectors skip=$((sectors * ($2 - 1))) status=none
    e2fsck -fn "$1/half" >"$1/fsck" 2>&1 || {
        echo "half $2 of the disk: $(grep -v -e '^Pass' -e '^$' -e '^e2fsck' "$1/fsck" | head -n 2 | tr '\n' ' ')"
        return 1
    }
}
twins_clean() { # FOLDER
    half_clean "$1" 1 && half_clean "$1" 2 && [[ $(grep -c '^TOLL1 done [a-z_]* ok' "$1/serial") == 2 ]]
}
second_clean() { # FOLDER: the first one is hostile
    half_clean "$1" 2 && grep -qa '^TOLL1 done fuzz_kernel ok' "$1/serial"
}

# Two that have tried, and whose frames and sectors are not the same.
neighbours_apart() { # FOLDER
    twins_clean "$1" && tr -d '\r' <"$1/serial" | /usr/bin/python3 -c '
import sys
values = {}
for words in (line.split() for line in sys.stdin if line.startswith("TOLL1 value")):
    values.setdefault(words[2], []).append(int(words[4]))
for kind in "ram", "extent":
    (a, b), (na, nb) = values[kind + "_first"], values[kind]
    if not (a + na <= b or b + nb <= a) or not na or not nb:
        sys.exit(f"both have {kind} from {a} and {b} on, {na} and {nb}")
' 2>&1
}

no_disk_said() { # FOLDER
    grep -q 'the disk has no file system' "$1/serial" || {
        echo "the console does not say that the disk has no file system"
        return 1
    }
}

# Lines of two applications side by side, each written in parts.
lines_whole() { # FOLDER
    [[ $(tr -d '\r' <"$1/serial" | grep -cxE 'a{399}|b{399}') == 400 ]] || {
        echo "lines are mixed"
        return 1
    }
}

# What the kernel gave was given back at the end, and every application said that it was well.
none_leaked() { # FOLDER
    grep -q '^TOLL1 value frames_leaked frames 0' "$1/serial" || {
        echo "frames: $(grep 'frames_leaked' "$1/serial" || echo 'not counted')"
        return 1
    }
    ! grep '^TOLL1 done .* fail' "$1/serial"
}

# ---- the cases ----

workloads='null call_null switch_pingpong read_hot read_cold file_open file_write fault_anon'
for structure in uni mono exo micro micro1; do
    meet=''
    [[ $structure != micro ]] || meet='meet=0' # its pager serves one thread of a program at a time
    for machine in microvm q35; do
        where=$structure-$machine
        for workload in $workloads; do
            boot_case "$where-$workload" $structure "$workload" 'ops=10 warm=2' machine=$machine
        done
        if [[ -e build/images/$structure/pdf_open.elf ]]; then
            boot_case "$where-pdf_open" $structure pdf_open 'ops=1 warm=1 file=pdf/cairo.pdf' machine=$machine
        fi
        boot_case "$where-fuzz_calls" $structure fuzz_calls 'calls=20000 seed=7' machine=$machine
    done
    for cpu in qemu64 Haswell-noTSX Skylake-Client max,-smap,-smep,-fsgsbase max,-xsave; do
        boot_case "$structure-cpu-${cpu//,/}" $structure switch_pingpong 'ops=100' cpu="$cpu"
        boot_case "$structure-cpu-${cpu//,/}-q35" $structure file_write 'ops=3' cpu="$cpu" machine=q35
    done
    for memory in 16 512 3072; do
        boot_case "$structure-memory-$memory" $structure fault_anon 'ops=500' memory=$memory
        boot_case "$structure-memory-$memory-q35" $structure read_cold 'ops=50' memory=$memory machine=q35
    done
    for machine in microvm q35; do
        boot_case "$structure-$machine-disk-none" $structure call_null 'ops=10' disk=none machine=$machine
        for disk in garbage empty; do
            boot_case "$structure-$machine-disk-$disk" $structure call_null 'ops=10' disk=$disk machine=$machine \
                check=no_disk_said
        done
        boot_case "$structure-$machine-nmi" $structure call_null 'ops=2000000000' machine=$machine nmi=yes 'done=none' \
            status=$status_panic check=backtrace_known_$structure
    done
    boot_case "$structure-disk-none-read" $structure read_hot 'ops=10' disk=none 'done=fail' status=$status_fail
    boot_case "$structure-fuzz-memory-16" $structure fuzz_calls 'calls=20000 seed=8' memory=16
    boot_case "$structure-posix_suite" $structure posix_suite 'processes=0' check=like_linux
    boot_case "$structure-posix_suite-q35" $structure posix_suite 'processes=0' check=like_linux machine=q35
    boot_case "$structure-races" $structure races "$meet"
    boot_case "$structure-races-q35" $structure races "$meet" machine=q35
    boot_case "$structure-races-null" $structure races 'role=null' 'done=none' status=$status_fail check=ended_by_segv
    boot_case "$structure-races-trap" $structure races 'role=trap' 'done=none' status=$status_fail check=ended_by_trap
    boot_case "$structure-races-detached" $structure races 'only=detached'
    for ms in 1 3 10 30; do
        boot_case "$structure-exit_busy-$ms" $structure exit_busy "ms=$ms" check=exited
    done
    boot_case "$structure-exit_busy-q35" $structure exit_busy 'ms=20' machine=q35 check=exited
    boot_case "$structure-exit_busy-real" $structure exit_busy 'ms=100' clock=real check=exited
    boot_case "$structure-poll_input" $structure poll_input '' clock=real input=yes check=exited
    for seed in 1 2; do
        boot_case "$structure-fuzz_calls-$seed" $structure fuzz_calls "calls=100000 seed=$seed"
        boot_case "$structure-fuzz_calls-threads-$seed" $structure fuzz_calls "calls=60000 threads=12 seed=$seed"
    done
done
for machine in microvm q35; do
    boot_case "uni-$machine-spawn_wait" uni spawn_wait 'ops=3' machine=$machine 'done=skip'
    boot_case "uni-$machine-isolation" uni isolation '' machine=$machine 'done=skip'
    boot_case "uni-$machine-hostile_elf" uni hostile_elf '' machine=$machine 'done=skip'
done
# Those with processes; what kernels know as one process may be several.
declare -A common_of=([micro1]='common=1')
# Sockets over loopback.
for structure in uni mono micro micro1 hybrid; do
    boot_case "$structure-sockets" $structure posix_suite 'sockets=1' kernel=ip=loopback check=like_linux
    boot_case "$structure-sockets-fuzz" $structure fuzz_calls 'calls=60000 threads=12 seed=6' kernel=ip=loopback
done
for structure in mono exo micro micro1; do
    for machine in microvm q35; do
        boot_case "$structure-$machine-spawn_wait" $structure spawn_wait 'ops=3 warm=1' machine=$machine
        boot_case "$structure-$machine-isolation" $structure isolation "${common_of[$structure]-}" machine=$machine
        boot_case "$structure-$machine-hostile_elf" $structure hostile_elf 'count=1000' machine=$machine
    done
    for cpu in qemu64 Haswell-noTSX max,-smap,-smep,-fsgsbase; do
        boot_case "$structure-cpu-${cpu//,/}-isolation" $structure isolation '' cpu="$cpu"
        boot_case "$structure-cpu-${cpu//,/}-posix_suite" $structure posix_suite 'processes=1' cpu="$cpu" \
            check=like_linux
    done
    boot_case $structure-memory-16-hostile_elf $structure hostile_elf 'count=3000 seed=2' memory=16
    boot_case $structure-posix_suite-processes $structure posix_suite 'processes=1' check=like_linux
done
for words in path=copy ports=call path=copy+ports=call; do
    for program in isolation 'races meet=0' 'fuzz_calls calls=60000 threads=12 seed=4' 'exit_busy ms=10'; do
        boot_case "micro-$words-${program%% *}" micro "${program%% *}" "${program#"${program%% *}"}" kernel=$words
    done
    boot_case "micro-$words-posix_suite" micro posix_suite 'processes=1' kernel=$words check=like_linux
    boot_case "micro-$words-file_write" micro file_write 'ops=5' kernel=$words machine=q35
    boot_case "micro-$words-intruder" domains intruder '' kernel=$words check=intruders_ended
done

# Hostile processes: a million calls each of the kernel itself, and such as end the process that makes them.
boot_case mono-fuzz_kernel mono fuzz_kernel 'kernel=mono calls=1000000' memory=16
boot_case mono-kpti-fuzz_kernel mono fuzz_kernel 'kernel=mono calls=400000 seed=77' memory=16 kernel=kpti
for kernel in exo micro; do
    for seed in {1..10}; do
        boot_case "$kernel-fuzz_kernel-wild-$seed" $kernel fuzz_kernel "kernel=$kernel mode=wild calls=20000 seed=$seed" \
            'done=none' status=any kernel=leaks=1 check=hostile_ended
    done
    boot_case "$kernel-fuzz_kernel" $kernel fuzz_kernel "kernel=$kernel calls=1000000" kernel=leaks=1
    boot_case "$kernel-fuzz_kernel-q35" $kernel fuzz_kernel "kernel=$kernel calls=100000 seed=2" machine=q35 memory=16 \
        kernel=leaks=1
    boot_case "$kernel-fuzz_kernel-cpu" $kernel fuzz_kernel "kernel=$kernel calls=100000 seed=3" cpu=max,-smap,-smep,-fsgsbase \
        kernel=leaks=1
done
for seed in {1..10}; do
    boot_case "micro-fuzz_kernel-servers-$seed" micro fuzz_kernel "kernel=micro mode=wild servers=1 network=1 calls=20000 seed=$seed" \
        'done=none' status=any kernel=ip=loopback check=hostile_ended
done
for seed in {11..15}; do
    boot_case "hybrid-fuzz_kernel-servers-$seed" hybrid fuzz_kernel "kernel=micro mode=wild servers=1 network=1 calls=20000 seed=$seed" \
        'done=none' status=any kernel=ip=loopback check=hostile_ended
done
# What ends in the middle of something else, and applications that leave files without names behind.
for kernel in micro hybrid; do
    boot_case "$kernel-lifetimes" $kernel lifetimes ''
    boot_case "$kernel-lifetimes-cpu" $kernel lifetimes '' cpu=max,-smap,-smep,-fsgsbase
    for how in fault end; do
        boot_case "$kernel-abandon-$how" $kernel abandon "how=$how" 'done=none' status=any check=disk_clean
    done
done
# All domains of the microkernel try what they must not be able to do.
for machine in microvm q35; do
    boot_case "micro-$machine-intruder" domains intruder '' machine=$machine check=intruders_ended
    boot_case "micro-$machine-intruder-ip" domains intruder '' machine=$machine kernel=ip=dhcp check=intruders_ended
done
# Two environments on one disk, each with a part of it and of memory: neither gets at the other's, and one's end is not
# the other's.
for machine in microvm q35; do
    boot_case "exo-$machine-neighbours" exo neighbours 'me=0 -- neighbours me=1' machine=$machine disk=twin check=neighbours_apart \
        kernel=apps=2
    for program in file_write posix_suite exit_busy; do
        boot_case "exo-$machine-two-$program" exo $program "ops=3 processes=1 -- $program ops=3 processes=1" machine=$machine \
            disk=twin kernel=apps=2 check=twins_clean
    done
done
for seed in {1..5}; do
    boot_case "exo-two-fuzz_kernel-$seed" exo fuzz_kernel \
        "kernel=exo mode=wild calls=20000 seed=$seed -- fuzz_kernel kernel=exo calls=200000" disk=twin kernel=apps=2 status=any \
        check=second_clean
done
# With page tables of their own for ring 3 (kernels/mono/kpti.h).
for machine in microvm q35; do
    for workload in call_null switch_pingpong read_cold file_write fault_anon spawn_wait; do
        boot_case "mono-kpti-$machine-$workload" mono "$workload" 'ops=5 warm=2' machine=$machine kernel=kpti
    done
    boot_case "mono-kpti-$machine-isolation" mono isolation '' machine=$machine kernel=kpti
    boot_case "mono-kpti-$machine-nmi" mono null 'ops=2000000000' machine=$machine kernel=kpti nmi=yes 'done=none' \
        status=$status_panic
    boot_case "mono-kpti-$machine-tables" mono null 'ops=2000000000' machine=$machine kernel=kpti tables=hidden 'done=none' \
        status=0 check=tables_as_wanted
    boot_case "mono-$machine-tables" mono null 'ops=2000000000' machine=$machine tables=whole 'done=none' status=0 \
        check=tables_as_wanted
done
boot_case mono-kpti-nmi-kernel mono call_null 'ops=2000000000' kernel=kpti nmi=yes 'done=none' status=$status_panic \
    check=backtrace_known_mono
boot_case mono-kpti-posix_suite mono posix_suite 'processes=1' kernel=kpti check=like_linux
boot_case mono-kpti-races mono races '' kernel=kpti
boot_case mono-kpti-fuzz_calls mono fuzz_calls 'calls=60000 threads=12 seed=3' kernel=kpti
boot_case mono-kpti-hostile_elf mono hostile_elf 'count=1000 seed=3' kernel=kpti memory=16
boot_case mono-kpti-exit_busy mono exit_busy 'ms=10' kernel=kpti check=exited
boot_case mono-kpti-poll_input mono poll_input '' kernel=kpti clock=real input=yes check=exited
for cpu in qemu64 max,-smap,-smep,-fsgsbase max,-xsave; do
    boot_case "mono-kpti-cpu-${cpu//,/}" mono isolation '' cpu="$cpu" kernel=kpti
done
# The file system in the kernel, behind messages; the pager outside, so that a fault holds up all threads of a program.
for machine in microvm q35; do
    for workload in $workloads spawn_wait console_write; do
        boot_case "hybrid-$machine-$workload" hybrid "$workload" 'ops=10 warm=2' machine=$machine
    done
    for program in isolation 'hostile_elf count=1000' 'fuzz_calls calls=60000 threads=12 seed=3' 'exit_busy ms=10' \
        'races meet=0'; do
        boot_case "hybrid-$machine-${program%% *}" hybrid "${program%% *}" "${program#"${program%% *}"}" machine=$machine
    done
    boot_case "hybrid-$machine-posix_suite" hybrid posix_suite 'processes=1' machine=$machine check=like_linux
    boot_case "hybrid-$machine-disk-none" hybrid read_hot 'ops=10' disk=none machine=$machine 'done=fail' status=$status_fail
    for disk in garbage empty; do
        boot_case "hybrid-$machine-disk-$disk" hybrid call_null 'ops=10' disk=$disk machine=$machine check=no_disk_said
    done
done
for cpu in qemu64 Haswell-noTSX Skylake-Client max,-smap,-smep,-fsgsbase max,-xsave; do
    boot_case "hybrid-cpu-${cpu//,/}" hybrid file_write 'ops=3' cpu="$cpu"
    boot_case "hybrid-cpu-${cpu//,/}-isolation" hybrid isolation '' cpu="$cpu"
done
for memory in 16 512 3072; do
    boot_case "hybrid-memory-$memory" hybrid read_cold 'ops=50' memory=$memory
    boot_case "hybrid-memory-$memory-fuzz_calls" hybrid fuzz_calls 'calls=20000 seed=8' memory=$memory
done
boot_case hybrid-poll_input hybrid poll_input '' clock=real input=yes check=exited
# The kernel that is nothing but a test of page tables.
for cpu in max qemu64; do
    boot_case "tables-$cpu" machine tables '' cpu=$cpu
done

# The exokernel: what it must not give a hostile environment, ends that leave the other one alone, and events at every
# instruction.
for machine in microvm q35; do
    boot_case "exo-$machine-environment" exo environment 'kernel=exo' machine=$machine kernel=leaks=1 check=none_leaked
    boot_case "exo-$machine-upcalls" exo upcalls 'kernel=exo' machine=$machine
done
boot_case exo-environment-two exo environment 'kernel=exo -- environment kernel=exo' cpu=qemu64 memory=16 \
    kernel=apps=2+leaks=1 check=none_leaked
for end in entry recursion stack high window edge; do
    boot_case "exo-environment-end-$end" exo environment "kernel=exo end=$end -- environment kernel=exo" \
        status=$status_fail kernel=apps=2+leaks=1 check=none_leaked
done
boot_case exo-environment-gap exo environment 'kernel=exo beside=long -- environment kernel=exo beside=gap' memory=1024 \
    kernel=apps=2+leaks=1 check=none_leaked
boot_case exo-environment-lines exo environment 'kernel=exo beside=a -- environment kernel=exo beside=b' kernel=apps=2 \
    check=lines_whole
boot_case exo-upcalls-eight exo upcalls "rounds=500 kernel=exo$(printf ' -- upcalls kernel=exo rounds=500%.0s' {2..8})" \
    kernel=apps=8
for cpu in qemu64 max,-smap,-smep,-fsgsbase max,-xsave; do
    boot_case "exo-upcalls-cpu-${cpu//,/}" exo upcalls 'kernel=exo rounds=2000' cpu="$cpu"
done

if [[ $list ]]; then
    printf '%s\n' "${names[@]}" | grep -E -- "$pattern"
    exit
fi
selected=()
for name in "${names[@]}"; do
    if [[ $name =~ $pattern ]]; then
        selected+=("$name")
    fi
done
reference_make
running=0
for name in "${selected[@]}"; do
    if ((running == jobs)); then
        wait -n || true
        running=$((running - 1))
    fi
    run_case "$name" </dev/null >"$work/$name.result" &
    running=$((running + 1))
    cat "$work"/*.result 2>/dev/null >"$work/so_far" || true
done
wait
cat "$work"/*.result
passed=$(cat "$work"/*.result | grep -c '^ok ' || true)
failed=$((${#selected[@]} - passed))
echo "$passed passed, $failed failed"
((failed == 0))
