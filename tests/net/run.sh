#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: boots images with a network and talks to them as clients do, through ports that QEMU's user-mode network
# forwards.
#
# usage: tests/net/run.sh [-j JOBS] [-k] [-s STRUCTURES] [PATTERN]   cases whose names match the regular expression
#        tests/net/run.sh -l [PATTERN]                               only their names
#
# A case is one boot: when the guest says that it listens, the client is run with the ports; it must succeed, and then
# the guest must end by itself with the record `TOLL1 done ... ok`.  One line a case, `ok NAME` or `FAIL NAME: why`; the
# last line is `N passed, M failed`.  A case may take LIMIT_S seconds (environment; default 600), for a host can be slow:
# what it waits for is not time.  -k keeps the serial output and the frames (pcap) of failures in build.
#
# Needs `make guest-images build/images/machine/frames.elf linux`.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C
# shellcheck source=tests/cases.sh
. tests/cases.sh

timeout_s=${LIMIT_S:-600} structures='uni mono exo micro micro1 hybrid linux'
while getopts j:kls: option; do
    case $option in
    j) jobs=$OPTARG ;;
    k) keep=1 ;;
    l) list=1 ;;
    s) structures=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

status_ok=33
declare -A image_of client_of

# net_case NAME IMAGE WORDS CLIENT [KEY=VALUE...]: declares a case.  WORDS begin with the program's name.  CLIENT is a
# command of the shell, which is given the words tcp:PORT=HOSTPORT and udp:PORT=HOSTPORT; none: nobody is to come.
# Keys, with what holds if absent:
#   machine=microvm memory=64    tcp=7,9 udp=7 (the guest's ports)    clock=real (counted: of instructions)
#   ends=self (killed: the client has had enough)    disk= (an image, of which a copy is attached)
#   ip=10.0.2.15/24,10.0.2.2    kernel= (words for the kernel, joined by +)
#   linux= (an initramfs: the image is that of the baseline, with its kernel)
net_case() {
    case_declare "$1" "$3" "${@:5}"
    image_of[$1]=build/images/$2.elf
    client_of[$1]=$4
}

# free_ports TCP UDP: a free port of this host for each of the guest's, as words tcp:PORT=HOSTPORT.
free_ports() {
    /usr/bin/python3 - "$1" "$2" <<'END'
import socket
import sys

kinds = (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM))
held = []
for (name, kind), ports in zip(kinds, sys.argv[1:]):
    for port in filter(None, ports.split(",")):
        held.append(socket.socket(socket.AF_INET, kind))
        held[-1].bind(("127.0.0.1", 0))
        print(f"{name}:{port}={held[-1].getsockname()[1]}")
END
}

# qemu NAME FOLDER WORD...: boots the case's image with these ports forwarded, as the shell's own process: whoever ends
# that ends QEMU.
qemu() {
    local name=$1 folder=$2 board=(-M q35) transport=virtio-net-pci,disable-legacy=on clock=() forward='' word port kernel image
    shift 2
    if [[ $(setting "$name" machine microvm) == microvm ]]; then
        board=(-M 'microvm,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off' -global virtio-mmio.force-legacy=false)
        transport=virtio-net-device
    fi
    if [[ $(setting "$name" clock real) == counted ]]; then
        clock=(-icount 'shift=0,sleep=off')
    fi
    for word in "$@"; do
        port=${word#*:}
        forward+=",hostfwd=${word%%:*}:127.0.0.1:${word#*=}-:${port%=*}"
    done
    kernel=$(setting "$name" kernel '')
    image=(-kernel "${image_of[$name]}")
    if [[ $(setting "$name" linux) ]]; then
        image=(-kernel build/linux/vmlinux -initrd "$(setting "$name" linux)")
        # Its test of the timer fails where this host lets QEMU wait, for its clock is the host's here.
        kernel="$(<build/linux/cmdline) no_timer_check round=off $kernel"
    fi
    if [[ $(setting "$name" disk) ]]; then
        cp "$(setting "$name" disk)" "$folder/disk"
        board+=(-drive "if=none,id=d0,format=raw,file=$folder/disk" -device "${transport/net/blk},drive=d0")
    fi
    exec timeout "$((timeout_s + 30))" qemu-system-x86_64 "${board[@]}" -accel tcg,thread=single "${clock[@]}" \
        -cpu "max${clock[0]:+,-x2apic}" \
        -m "$(setting "$name" memory 64)" -nodefaults -no-user-config -display none -no-reboot -serial stdio \
        -device isa-debug-exit,iobase=0xf4,iosize=4 -rtc base=2024-01-01,clock=vm -seed 1 \
        -netdev "user,id=n0$forward" -device "$transport,netdev=n0" \
        -object "filter-dump,id=f0,netdev=n0,file=$folder/frames.pcap" "${image[@]}" \
        -append "seed=1 epoch=1704067200 ip=$(setting "$name" ip 10.0.2.15/24,10.0.2.2) ${kernel//+/ } -- ${words_of[$name]}" \
        >"$folder/serial" 2>"$folder/stderr" </dev/null
}

# Waits until the guest of process $2 says that it listens; fails if it ends before.
wait_listening() { # FOLDER PROCESS
    until grep -qs '^TOLL1 listen' "$1/serial"; do
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.05
    done
}

# Boots on free ports, and on others if somebody takes one meanwhile; sets guest and ports.
case_boot() { # NAME FOLDER
    local tries
    for tries in {1..10}; do
        readarray -t ports < <(free_ports "$(setting "$1" tcp 7,9)" "$(setting "$1" udp 7)")
        rm -f "$2"/{serial,stderr}
        qemu "$1" "$2" "${ports[@]}" &
        guest=$!
        until [[ -s $2/serial ]] || ! kill -0 "$guest" 2>/dev/null; do
            sleep 0.05
        done
        grep -qs 'host forwarding rule' "$2/stderr" || return 0
        echo "a port was taken, try $tries" >&2
    done
}

# Succeeds, or says why the case failed.
case_try() { # NAME FOLDER
    local name=$1 folder=$2 status=0 guest ports
    case_boot "$name" "$folder"
    if [[ ${client_of[$name]} != none ]] && wait_listening "$folder" "$guest"; then
        if ! timeout "$timeout_s" bash -c "${client_of[$name]} \"\$@\"" client "${ports[@]}" >"$folder/client" 2>&1; then
            kill "$guest" 2>/dev/null || true
            wait "$guest" || true
            echo "the client: $(tail -n 1 "$folder/client"); the guest: $(tail -n 1 "$folder/serial")"
            return 1
        fi
    fi
    if [[ $(setting "$name" ends self) == killed ]] && kill "$guest" 2>/dev/null; then
        wait "$guest" || true
        grep -q '^TOLL1 panic' "$folder/serial" || return 0
    fi
    wait "$guest" || status=$?
    if [[ $status != "$status_ok" ]]; then
        echo "QEMU left with status $status instead of $status_ok: $(tail -n 1 "$folder/stderr" "$folder/serial" | tr '\n' ' ')"
        return 1
    fi
    grep -q "^TOLL1 done ${words_of[$name]%% *} ok" "$folder/serial" || {
        echo "not ok, but: $(grep '^TOLL1 done' "$folder/serial" || tail -n 1 "$folder/serial")"
        return 1
    }
}

case_keep() { # NAME FOLDER
    cp "$2/serial" "build/net-$1.serial"
    cp "$2/frames.pcap" "build/net-$1.pcap"
}

# ---- the cases ----

echo_client='/usr/bin/python3 tests/net/echo_client.py'

# The driver alone: a kernel that sends and looks at frames.
for machine in microvm q35; do
    net_case "frames-$machine" machine/frames frames none machine=$machine kernel=frames=3000+window=90
    net_case "frames-$machine-one" machine/frames frames none machine=$machine kernel=frames=500+window=1
done
net_case frames-small machine/frames frames none memory=8 kernel=frames=2000

ours=${structures//linux/}
for structure in $ours; do
    small=8 large=64
    case $structure in # each server has memory of its own
    micro) small=12 large=96 ;;
    hybrid) small=12 large=96 ;;
    micro1) small=8 ;;
    esac
    for machine in microvm q35; do
        net_case "$structure-$machine-echo" "$structure/echo_server" echo_server "$echo_client" machine=$machine tcp=7,9,10
    done
    net_case "$structure-echo-dhcp" "$structure/echo_server" echo_server "$echo_client" tcp=7,9,10 ip=dhcp
    net_case "$structure-echo-small" "$structure/echo_server" echo_server "$echo_client" tcp=7,9,10 memory="$small"
    net_case "$structure-echo-busy" "$structure/echo_server" 'echo_server busy=1' "$echo_client" tcp=7,9,10 udp=7,8
    net_case "$structure-echo-counted" "$structure/echo_server" echo_server "$echo_client" tcp=7,9,10 clock=counted
    net_case "$structure-echo-thousand" "$structure/echo_server" echo_server "$echo_client connections=1000" tcp=7,9,10 \
            memory="$large"
done

# The servers among the workloads hold the conversations that they hold as processes of this machine (tests/kv, tests/web).
for structure in $ours; do
    net_case "$structure-kv" "$structure/kv_server" kv_server '/usr/bin/python3 tests/kv/talk.py' tcp=6379 udp= ends=killed
    net_case "$structure-web" "$structure/web_server" 'web_server root=/www' '/usr/bin/python3 tests/web/talk.py' \
        tcp=80 udp= ends=killed disk=build/disk.img
done

# The same two as processes of Linux, so that what they say there is what they say here.
if [[ " $structures " == *" linux "* ]]; then
    net_case linux-kv '' kv_server '/usr/bin/python3 tests/kv/talk.py' tcp=6379 udp= ends=killed disk=build/disk.img \
        machine=q35 memory=256 linux=build/linux/initramfs.cpio
    net_case linux-web '' 'web_server root=/disk/www' '/usr/bin/python3 tests/web/talk.py' tcp=80 udp= ends=killed \
        disk=build/disk.img machine=q35 memory=256 linux=build/linux/initramfs.cpio
fi

# Two environments on one interface: neither gets at what is the other's; and random calls of one that has a network.
if [[ " $structures " == *" exo "* ]]; then
    for machine in microvm q35; do
        net_case "exo-$machine-neighbours" exo/net_neighbours 'net_neighbours me=0 -- net_neighbours me=1' none \
            machine=$machine clock=counted kernel=apps=2+ip=10.0.2.16/24,10.0.2.2+leaks=1
    done
    net_case exo-intruder exo/net_neighbours 'net_neighbours me=0 intrude=1 -- net_neighbours me=1 intrude=1' none \
        clock=counted kernel=apps=2+ip=10.0.2.16/24,10.0.2.2+leaks=1
    net_case exo-leased exo/net_neighbours 'net_neighbours me=0 leased=1 -- net_neighbours me=1 leased=1' none \
        clock=counted ip=dhcp kernel=apps=2+ip=dhcp+leaks=1
    net_case exo-fuzz_kernel exo/fuzz_kernel 'fuzz_kernel kernel=exo calls=1000000' none clock=counted \
        disk=build/disk.img kernel=leaks=1
fi

# The same of one whose network is in servers.  Without a gateway: what it sends must reach nobody.
for structure in micro hybrid; do
    if [[ " $structures " == *" $structure "* ]]; then
        net_case "$structure-fuzz_kernel" "$structure/fuzz_kernel" 'fuzz_kernel kernel=micro network=1 calls=300000' none \
            clock=counted disk=build/disk.img kernel=leaks=1 ip=10.0.2.15/24
        net_case "$structure-fuzz_kernel-copy" "$structure/fuzz_kernel" \
            'fuzz_kernel kernel=micro network=1 calls=100000 seed=6' none \
            clock=counted disk=build/disk.img kernel=leaks=1+path=copy ip=loopback
    fi
done

# With page tables of its own for ring 3.
if [[ " $structures " == *" mono "* ]]; then
    net_case mono-echo-kpti mono/echo_server echo_server "$echo_client" tcp=7,9,10 kernel=kpti
fi

cases_select "${1:-.}"
cases_run
