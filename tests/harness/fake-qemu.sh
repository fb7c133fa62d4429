#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# fake-qemu.sh: takes QEMU's options and plays the guests of the fake tree: each workload's name says how the guest
# behaves.  FAKE_LOG, if set, gets a line for each guest that was booted; FAKE_PIDS the processes of a guest that hangs.
# FAKE_SLOW is how many seconds a slow one takes.
set -euo pipefail

if [ "${1:-}" = --version ]; then
    echo "fake QEMU 0"
    exit 0
fi

serial='' counts='' append='' disk='' kernel='' accel='' cpu='' monitor=''
while [ $# -gt 0 ]; do
    case "$1" in
    -serial) serial=${2#file:} ;;
    -plugin) counts=${2##*,out=} ;;
    -append) append=$2 ;;
    -drive) disk=${2#*file=} disk=${disk%%,*} ;;
    -kernel) kernel=$2 ;;
    -accel) accel=$2 ;;
    -cpu) cpu=$2 ;;
    -chardev) monitor=${2##*fd=} ;;
    esac
    shift
done
if [ -n "${FAKE_LOG:-}" ]; then
    echo "$kernel $append" >> "$FAKE_LOG"
fi

# FAKE_KVM says what KVM is like: ok, refuses (the plain host processor) or broken.
if [ "$accel" = kvm ]; then
    if [ "${FAKE_KVM:-ok}" = broken ]; then
        echo "KVM internal error. Suberror: 1" >&2
        exec sleep 60
    elif [ "${FAKE_KVM:-ok}" = refuses ] && [ "$cpu" = host ]; then
        echo "fake QEMU: error: failed to set MSR 0x10a" >&2
        exit 1
    elif [[ $kernel == *calibrate* ]]; then
        for way in syscall exception as_switch invlpg hypercall wrmsr port_io mmio apic_eoi ipi timer_spin timer_halt; do
            echo "CAL $way 10 720 720 720" >> "$serial"
        done
        printf 'CAL empty 10 20 20\nCAL as_switch_kept none the processor has no PCID\nCAL end\n' >> "$serial"
        exit 33
    elif [[ $kernel == *probe* ]]; then
        echo "TOLL1 done probe ok" >> "$serial"
        exit 33
    fi
fi

# The guest of the time lane stands still until the monitor says so.
if [ -n "$monitor" ]; then
    case "${FAKE_MONITOR:-}" in
    gone)
        echo "fake QEMU: gone before it said a word" >&2
        exit 1
        ;;
    babble)
        echo "what?" >&"$monitor"
        exec sleep 60
        ;;
    esac
    echo '{"QMP": {"version": {}, "capabilities": []}}' >&"$monitor"
    while read -r line <&"$monitor"; do
        case "$line" in
        *query-cpus-fast*) echo "{\"return\": [{\"cpu-index\": 0, \"thread-id\": $$}]}" >&"$monitor" ;;
        *) printf '{"event": "RESUME"}\n{"return": {}}\n' >&"$monitor" ;;
        esac
        if [[ $line == *cont* ]]; then
            break
        fi
    done
    # FAKE_CYCLES: what the guest measures; one that is "uneven" differs from boot to boot.
    case "${FAKE_CYCLES:-even}" in
    even) cycles=12340 ;;
    uneven) cycles=$((12340 + RANDOM)) ;;
    esac
fi

say() {
    printf 'TOLL1 %s\n' "$*" >> "$serial"
}

count() {
    [ -z "$counts" ] || printf '%s\n' "$1" >> "$counts"
}

# run WORKLOAD BOOKS OUTPUT: a run in which all goes well.
run() {
    echo "some console text" >> "$serial"
    count '{"event":"main","instructions":5,"instructions_arch":5,"since_boot":5000,"since_boot_arch":4000}'
    say "main $1"
    count '{"event":"window","index":0,"ops":10,"instructions":1000,"instructions_arch":900,"domains":{"image":{"instructions":1000,"instructions_arch":900,"parts":{"fs":{"instructions":600,"instructions_arch":500},"app":{"instructions":400,"instructions_arch":400}}}},"syscall":10,"exception":3,"interrupt":1,"as_switch":0,"thread_switch":2,"mmio":null,"entry":{"irq":1,"entry_exception_14":3},"hops":[{"domain":"image","instructions":100,"syscall":1}]}'
    say "window 10 $2"
    say "o $3"
    say "value pages pages 7"
    say "value tsc_cycles cycles ${cycles:-12340}"
    say "value tsc_overhead cycles 40"
    say "value tsc_first_op cycles 5040"
    say "done $1 ok"
}

books="syscall=10 exception=3 interrupt=1 as_switch=0 thread_switch=2 page_fault=3 bytes_copied=40"
case "$kernel" in
*linux* | */silent.elf) ;;
*) say "cpu nx smep" ;;
esac
case "$kernel" in
*linux*)
    programs=${append#*-- }
    for word in ${programs//\"/}; do
        case "$word" in
        good) run good "" 6869 ;;
        half)
            run half "" 00
            kill -SEGV $$
            ;;
        esac
    done
    exit 33
    ;;
esac

program=${append#*-- }
case "${program%% *}" in
good | half) run "${program%% *}" "$books" 6869 ;;
slow)
    sleep "${FAKE_SLOW:-2}"
    run slow "$books" 6869
    ;;
hang)
    run hang "$books" 6869
    sleep 60 &
    echo "$$ $!" >> "${FAKE_PIDS:-/dev/null}"
    wait
    ;;
flood) exec yes "a line without an end" >> "$serial" ;;
panic)
    printf 'console before\nTOLL1 panic something broke\nTOLL1 bt 1104\nTOLL1 bt 1010\nTOLL1 bt ffff\n' >> "$serial"
    exit 37
    ;;
crash)
    say "main crash"
    kill -SEGV $$
    ;;
garbage)
    head -c 5000 /dev/urandom >> "$serial"
    printf '\nTOLL1 \nTOLL1 window x\nTOLL1 o zz\nTOLL1 done\nTOLL1 value a b c d\n' >> "$serial"
    ;;
silent) ;;
reset)
    say "main reset"
    exit 0
    ;;
refuse)
    echo "fake QEMU: no such machine" >&2
    exit 1
    ;;
wrong)
    say "main wrong"
    say "done wrong fail the sum is 3, expected 4"
    exit 35
    ;;
damage)
    run damage "$books" 6869
    dd if=/dev/zero of="$disk" bs=1024 seek=1 count=8 conv=notrunc status=none
    ;;
books) run books "${books/syscall=10/syscall=11}" 6869 ;;
cannot)
    say "main cannot"
    say "done cannot skip there is nothing to do it with"
    ;;
differ)
    case "$kernel" in
    *uni*) run differ "$books" 00 ;;
    *) run differ "$books" 01 ;;
    esac
    ;;
esac
exit 33
