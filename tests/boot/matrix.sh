# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # status_panic, status_fail: run.sh
#
# matrix.sh: the cases of run.sh: which image boots on which machine, with what, and how it must end.

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
            status="$status_panic" check=backtrace_known_$structure
    done
    boot_case "$structure-disk-none-read" $structure read_hot 'ops=10' disk=none 'done=fail' status="$status_fail"
    boot_case "$structure-fuzz-memory-16" $structure fuzz_calls 'calls=20000 seed=8' memory=16
    boot_case "$structure-posix_suite" $structure posix_suite 'processes=0' check=like_linux
    boot_case "$structure-posix_suite-q35" $structure posix_suite 'processes=0' check=like_linux machine=q35
    boot_case "$structure-races" $structure races "$meet"
    boot_case "$structure-races-q35" $structure races "$meet" machine=q35
    boot_case "$structure-races-null" $structure races 'role=null' 'done=none' status="$status_fail" check=ended_by_segv
    boot_case "$structure-races-trap" $structure races 'role=trap' 'done=none' status="$status_fail" check=ended_by_trap
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
for structure in mono micro micro1 hybrid; do
    boot_case "$structure-sockets-inherited" $structure posix_suite 'inherited=1' kernel=ip=loopback check=like_linux
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
        status="$status_panic"
    boot_case "mono-kpti-$machine-tables" mono null 'ops=2000000000' machine=$machine kernel=kpti tables=hidden 'done=none' \
        status=0 check=tables_as_wanted
    boot_case "mono-$machine-tables" mono null 'ops=2000000000' machine=$machine tables=whole 'done=none' status=0 \
        check=tables_as_wanted
done
boot_case mono-kpti-nmi-kernel mono call_null 'ops=2000000000' kernel=kpti nmi=yes 'done=none' status="$status_panic" \
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
    boot_case "hybrid-$machine-disk-none" hybrid read_hot 'ops=10' disk=none machine=$machine 'done=fail' status="$status_fail"
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
        status="$status_fail" kernel=apps=2+leaks=1 check=none_leaked
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
