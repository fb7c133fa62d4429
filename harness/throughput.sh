#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# throughput.sh: requests a second of the same servers in each structure and in the Linux guest, under one accelerator, with
# the clients that papers use.
#
# usage: harness/throughput.sh [-a kvm|tcg] [-s SECONDS] [-c CONNECTIONS] [STRUCTURE...]     linux always comes first
#
# Each guest has one processor, 64 MiB (linux 256) and a port that QEMU's user-mode network forwards, which costs the same
# in each.  get: redis-benchmark, one request at a time on each connection; get16: 16 at a time; page: wrk, 612 bytes;
# where these are not installed, `toll load` with the same connections.  A line a structure: requests a second, and in
# brackets how many times Linux's.  The last line is what Unikraft's authors report (Kuenzer et al., EuroSys 2021, figures
# 12 and 13, KVM, 30 connections).
#
# Needs: make build/toll, and of each structure build/images/STRUCTURE/{kv,web}_server.elf; for linux `make linux`.
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")/.."
export LC_ALL=C

accelerator='' seconds=5 connections=16
while getopts a:s:c: option; do
    case $option in
    a) accelerator=$OPTARG ;;
    s) seconds=$OPTARG ;;
    c) connections=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
structures=("${@:-uni mono micro exo}")
read -ra structures <<<"${structures[*]}"
if [[ -z $accelerator ]]; then
    accelerator=tcg
    if build/toll doctor 2>/dev/null | grep -q "^what runs here: .*time lane"; then accelerator=kvm; fi
fi
work=$(mktemp -d)
guest=
trap '[[ -z $guest ]] || kill "$guest" 2>/dev/null; rm -rf "$work"' EXIT

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# boot STRUCTURE PROGRAM GUEST-PORT HOST-PORT WORD...: until it listens.
boot() {
    local structure=$1 program=$2 port=$3 forward=hostfwd=tcp:127.0.0.1:$4-:$3 cpu=max kernel words
    shift 4
    [[ $accelerator == tcg ]] || cpu=host
    cp build/disk.img "$work/disk.img"
    if [[ $structure == linux ]]; then
        kernel=(-m 256 -kernel build/linux/vmlinux -initrd build/linux/initramfs.cpio)
        words=$(cat build/linux/cmdline)
    else
        kernel=(-m 64 -kernel "build/images/$structure/$program.elf")
        words='seed=1 epoch=1704067200 virtio_mmio.device=512@0xfeb00000:16 virtio_mmio.device=512@0xfeb00200:17'
    fi
    qemu-system-x86_64 -M microvm,pit=off,pic=off,rtc=on,ioapic2=off,isa-serial=on \
        -global virtio-mmio.force-legacy=false -accel "$accelerator" -cpu "$cpu" "${kernel[@]}" \
        -append "$words ip=10.0.2.15/24,10.0.2.2 -- $program port=$port $*" -nodefaults -no-user-config -display none \
        -no-reboot -serial "file:$work/serial" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -drive "id=d0,file=$work/disk.img,format=raw,if=none,cache=unsafe" \
        -device virtio-blk-device,drive=d0,bus=virtio-mmio-bus.0 \
        -netdev "user,id=n0,$forward" -device virtio-net-device,netdev=n0,bus=virtio-mmio-bus.1 2>"$work/messages" &
    guest=$!
    for _ in {1..1200}; do
        ! grep -qs '^TOLL1 listen' "$work/serial" || return 0
        kill -0 "$guest" 2>/dev/null || break
        sleep 0.05
    done
    echo "throughput: $structure/$program did not come up: $(tail -n 1 "$work/serial" "$work/messages" 2>&1 | tr '\n' ' ')" >&2
    exit 4
}

stop() {
    kill "$guest"
    wait "$guest" 2>/dev/null || true
    guest=
    rm -f "$work/serial"
}

# load PORT STANZA: requests a second.
load() {
    build/toll load "127.0.0.1:$1" --workload "$2" --connections "$connections" --seconds "$seconds" --json |
        /usr/bin/python3 -c 'import json, sys; print(round(json.load(sys.stdin)["per_second"]))'
}

# redis PORT PIPELINE: the same by redis-benchmark; twice, as its number of requests must be given.
redis() {
    local count rate
    count=$((4000 * $2))
    for _ in 1 2; do
        rate=$(redis-benchmark -h 127.0.0.1 -p "$1" -t get -r 100 -c "$connections" -P "$2" -n "$count" --csv 2>/dev/null |
            tail -n 1 | cut -d, -f2 | tr -d '"') || rate=0 # it gives up when one connection is dropped
        [[ $rate == +([0-9.]) ]] || rate=0
        count=$(/usr/bin/python3 -c "print(max(1000, int(float('$rate') * $seconds)))")
    done
    /usr/bin/python3 -c "print(round(float('$rate')))"
}

wrk_page() {
    wrk -t 1 -c "$connections" -d "${seconds}s" "http://127.0.0.1:$1/index.html" | awk '/^Requests\/sec/ { printf "%.0f\n", $2 }'
}

# Requests a second of get, get16 and page, on three lines.
measure() { # STRUCTURE
    local port
    port=$(free_port)
    boot "$1" kv_server 6379 "$port"
    load "$port" kv_get >/dev/null # fills the keys, and shows that answers are right
    if command -v redis-benchmark >/dev/null; then
        redis "$port" 1
        redis "$port" 16
    else
        load "$port" kv_get
        load "$port" kv_get_p16
    fi
    stop
    port=$(free_port)
    boot "$1" web_server 80 "$port" root=www
    if command -v wrk >/dev/null; then
        wrk_page "$port"
    else
        load "$port" web_612
    fi
    stop
}

printf 'requests a second under %s, %s connections, %s s each; in brackets: times Linux\n' "$accelerator" "$connections" "$seconds"
printf '%-10s %20s %20s %20s\n' '' get get16 page
baseline=()
for structure in linux "${structures[@]}"; do
    measure "$structure" >"$work/rates"
    mapfile -t rates <"$work/rates"
    [[ ${#baseline[@]} -gt 0 ]] || baseline=("${rates[@]}")
    printf '%-10s' "$structure"
    for i in 0 1 2; do
        printf ' %20s' "$(/usr/bin/python3 -c "a, b = float('${rates[i]}'), float('${baseline[i]}'); print(f'{a:.0f} ({a / b if b else 0:.2f})')")"
    done
    printf '\n'
done
printf '%-10s %20s %20s %20s\n' 'Unikraft' '' '(1.74)' '(2.79)'
