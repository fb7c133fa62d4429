#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# load.sh: servers and their clients: in the exact lane, where toll is the other end of the guest's link, counts repeat and
# a server that answers wrongly fails; and `toll load`, over ordinary sockets, against a workload as a process of this
# host.  Prints one line a test and "N passed, M failed".
# usage: tests/harness/load.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"
unset TOLL_QEMU TOLL_PROBE_MS
export TOLL_ROOT=$here/../..
cd "$TOLL_ROOT"
server=
stalling=
cleanup() {
    [ -z "$stalling" ] || kill "$stalling" 2> /dev/null || true
    [ -z "$server" ] || { kill -KILL "$server" && wait "$server"; } 2> /dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

# repeats RUN: every cell went well twice, nothing was lost on the way, and all its metrics are equal.
repeats() {
    /usr/bin/python3 - "$1/samples.jsonl" << 'PYTHON'
import json
import sys

cells: dict[str, list[dict[str, object]]] = {}
for line in open(sys.argv[1]):
    sample = json.loads(line)
    assert sample["status"] == "ok", sample["reason"]
    metrics = {k: v for k, v in sample["metrics"].items() if k != "tsc_hz"}
    assert metrics["clients_resent"] == metrics["clients_stalls"] == 0, metrics
    cells.setdefault(sample["structure"] + "/" + sample["workload"], []).append(metrics)
assert cells
for name, runs in cells.items():
    assert len(runs) == 2, name
    differ = {k for k in runs[0] if runs[0][k] != runs[1].get(k)}
    assert not differ, f"{name}: {differ}"
PYTHON
}

# ---- the exact lane ----

check "servers run with their clients" run 0 run --lane exact --reps 2 -o "$scratch/run" --only \
    'uni:default/net_echo*,uni:default/net_stream_out,mono:default/kv_*,[mh]*:default/net_echo'
check "... and every count repeats" repeats "$scratch/run"

# Clients that sleep over their work while the guest waits (a lock of their process, a fork) cost it no time.
gcc -std=c17 -D_GNU_SOURCE -O2 -fPIC -shared -o "$scratch/nap.so" tests/harness/nap.c
slowly() {
    LD_PRELOAD=$scratch/nap.so run 0 run --lane exact --reps 1 -o "$scratch/slow" --only 'uni:default/net_echo' &&
        grep -m 1 '"structure":"uni","workload":"net_echo"' "$scratch/run/samples.jsonl" >> "$scratch/slow/samples.jsonl"
}
check "clients that are slow" slowly
check "... change no count" repeats "$scratch/slow"

# Linux's counts follow from what else its kernel does meanwhile: within one per cent.
nearly_repeats() {
    /usr/bin/python3 - "$1/samples.jsonl" << 'PYTHON'
import json
import sys

cells: dict[str, list[dict[str, object]]] = {}
for line in open(sys.argv[1]):
    sample = json.loads(line)
    assert sample["status"] == "ok", sample["reason"]
    assert sample["answers"], sample
    cells.setdefault(f"{sample['structure']}:{sample['variant']}/{sample['workload']}", []).append(sample)
assert len(cells) == 6, sorted(cells)
for name, runs in cells.items():
    a, b = (run["metrics"]["instructions_arch"] for run in runs)
    assert abs(a - b) <= 0.01 * a, f"{name}: {a}, then {b}"
    ours = "debian" not in name
    assert all((run["server"] == "") == ours for run in runs), name
    # What tells a server without marks that its window begins and ends is small beside what is measured.
    assert ours or all(run["metrics"]["window_instructions_arch"] < 0.005 * a for run in runs), name
PYTHON
}
# One row is of Debian's own servers, which may not be there: then its cells say so.
if [ -x "$(sed -n 's/^SERVERS_DEB := //p' build/servers.mk)/usr/sbin/nginx" ]; then
    check "Linux answers too, and so do Debian's servers" run 0 run --lane exact --reps 2 -o "$scratch/linux" --only \
        'linux:de*/kv_get,linux:de*/kv_get_p16,linux:de*/web_1k'
    check "... and counts repeat within 1 %" nearly_repeats "$scratch/linux"
else
    echo "skip: Debian's servers could not be fetched (build/servers.mk)"
fi

# The same guest, made without them.
without() {
    local modules
    modules=$(echo "$(sed -n 's/^LINUX_DEB := //p' build/deps.mk)"/lib/modules/*)
    bash kernels/linux/initramfs.sh "$scratch/without.cpio" build/linux/init -m kernels/linux/modules "$modules" \
        -t kernels/linux/servers build/linux/serve
    cp build/disk.img "$scratch/disk"
    timeout 300 qemu-system-x86_64 -M microvm,pit=off,pic=off,rtc=on,isa-serial=on -accel tcg,thread=single \
        -icount shift=0,sleep=off -cpu max,-x2apic -m 256 -nodefaults -no-user-config -display none -no-reboot \
        -serial "file:$scratch/serial" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -global virtio-mmio.force-legacy=false -drive "id=d0,if=none,format=raw,file=$scratch/disk" \
        -device virtio-blk-device,drive=d0 -kernel build/linux/vmlinux -initrd "$scratch/without.cpio" \
        -append "$(<build/linux/cmdline) round=off -- serve nginx name=web + serve apache name=other + serve nginx x=1" || (($? == 35))
    grep -qx 'TOLL1 done web skip Debian.s nginx was not to be had .*' <(tr -d '\r' <"$scratch/serial") &&
        grep -q 'done other fail serve: apache: expected redis-server or nginx' "$scratch/serial" &&
        grep -q 'done serve fail serve: x=1: nginx cannot be told this' "$scratch/serial"
}
make -s build/linux/vmlinux build/linux/cmdline build/linux/serve build/linux/init build/disk.img >&2
check "a server that is not there is skipped, and one that nobody knows fails, each with its reason" without

# A stanza whose clients expect what the server does not do.
wrong() { # PROTOCOL LINE...
    {
        printf '[run]\n[structure.uni]\n[workload.net_echo]\nops = 20\nargs = ["bytes=4"]\n[workload.net_echo.load]\n'
        printf '%s\n' "$@"
    } > "$scratch/wrong.toml"
    run 4 run --lane exact --config "$scratch/wrong.toml" -o "$scratch/wrong$((wrongs += 1))"
}
wrongs=0
reason() {
    grep -q -- "$1" "$scratch/wrong$wrongs/samples.jsonl"
}
check "a server that speaks another protocol fails" wrong 'protocol = "http"' 'requests = ["GET /"]'
check "... and what it said is told" reason 'the clients: this is no answer: GET / HTTP'
check "so does one that nobody reaches" wrong 'protocol = "echo"' 'port = 99'
check "... which is told" reason 'the server reset a connection'

# ---- over sockets ----

mkdir "$scratch/bin"
gcc -std=c17 -O2 -iquote kernels/include -iquote workloads -o "$scratch/bin/net_echo" workloads/net_echo.c workloads/toll.c -pthread
# serve: the server, on a port that nobody else has taken since it was found free.
serve() {
    for _ in {1..20}; do
        port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        "$scratch/bin/net_echo" "port=$port" > "$scratch/server" &
        server=$!
        while kill -0 "$server" 2>/dev/null; do
            ! grep -qs listen "$scratch/server" || return 0
            sleep 0.05
        done
    done
    return 1
}
check "the server listens" serve
check "a closed loop comes to its end" run 0 load "127.0.0.1:$port" --workload net_echo --requests 5000 --connections 20 --json
check "... with all its requests" /usr/bin/python3 -c '
import json, sys
told = json.load(open(sys.argv[1]))
assert (told["requests"], told["errors"], told["connections"]) == (5000, 0, 20)
latency = told["latency_ns"]
assert 0 < latency["p50"] <= latency["p99"] <= latency["p99.99"] <= latency["max"]' "$scratch/out"
check "an open loop asks when it is time" run 0 load "localhost:$port" --workload net_echo --rate 1000 --seconds 0.5 --json
check "... so often" /usr/bin/python3 -c '
import json, sys
assert json.load(open(sys.argv[1]))["requests"] == 500' "$scratch/out"
# Half of the time the server stands still: who asks on time must see that in many requests, not in one each time.
stalls() {
    while :; do
        kill -STOP "$server"
        sleep 0.5
        kill -CONT "$server"
        sleep 0.5
    done
}
stalls 2>/dev/null &
stalling=$!
check "a server that stalls" run 0 load "127.0.0.1:$port" --workload net_echo --rate 200 --seconds 2 --json
kill "$stalling"
wait "$stalling" 2>/dev/null || true
stalling=
kill -CONT "$server"
check "... is not spared the requests of that time" /usr/bin/python3 -c '
import json, sys
told = json.load(open(sys.argv[1]))
assert told["requests"] == 400 and told["latency_ns"]["p90"] > 50e6, told' "$scratch/out"
check "wrong answers are an error" run 4 load "127.0.0.1:$port" --workload kv_get --requests 1
check "... which says what came" out "SET was not answered with OK"
check "no server is an error" run 4 load 127.0.0.1:1 --requests 1
check "... that asks for one" err "is the server there"
check "an address must be one" run 2 load nowhere --requests 1
check "a stanza must have clients" run 2 load 127.0.0.1:1 --workload null
check "a number must be one" run 2 load 127.0.0.1:1 --rate -3
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
