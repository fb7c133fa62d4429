#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# throughput.sh: real clients and guests: the user network and a tap, what is left of the tap afterwards, and the rates that
# `toll throughput` records.  What takes a tap is skipped where none can be made.  Prints one line a test and "N passed, M
# failed".
# usage: tests/harness/throughput.sh [TOLL]
set -euo pipefail

# A network namespace of its own: other tolls' interfaces are not seen, and nothing here can disturb the host's.
if [ "$(id -u)" -eq 0 ] && [ -z "${TOLL_TEST_UNSHARED:-}" ] && unshare -n true 2>/dev/null; then
    TOLL_TEST_UNSHARED=yes exec unshare -n "$0" "$@"
fi
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"
unset TOLL_QEMU TOLL_PROBE_MS
export TOLL_ROOT=$here/../..
cd "$TOLL_ROOT"
[ -z "${TOLL_TEST_UNSHARED:-}" ] || ip link set lo up
loader=
trap '[ -z "$loader" ] || kill "$loader" 2>/dev/null; rm -rf "$scratch"' EXIT

check "a network must be one" run 2 throughput --network bridge
check "... of the three" err "expected user, tap or auto"
check "rounds are counted" run 2 throughput --rounds 0
check "only servers with a measure can be selected" run 2 throughput --only uni/null
printf '[run]\nnetwork = "bridge"\n[structure.uni]\n[workload.null]\nops = 1\n' > "$scratch/wrong.toml"
check "so is the configuration's" run 2 list --config "$scratch/wrong.toml"
check "... with its place" err 'wrong.toml:2:11: run.network: expected one of "auto", "user", "tap"'
check "a guest must be a server" run 2 load uni/null --requests 1
check "... which is said" err "expected one server"

check "a guest is booted for a load" run 0 load uni/net_echo --network user --accel tcg --requests 200 --json
check "... with all its requests" out '"requests": 200'
check "... by the network that was asked for" err "network user"
check "toll boot gives a server its network" run 0 boot --accel tcg --only uni:default/net_echo --runs 2

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    powerless() { # EXIT-STATUS ARGUMENT...: toll without CAP_NET_ADMIN
        local wanted=$1 status=0
        shift
        setpriv --bounding-set -net_admin "$toll" "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
        [ "$status" -eq "$wanted" ]
    }
    check "without privilege there is no tap" powerless 3 throughput --network tap --only uni:default/kv_get
    check "... which is said" err "CAP_NET_ADMIN"
    check "auto is then the user network" powerless 0 load uni/net_echo --network auto --accel tcg --requests 10
    check "... which is said, too" err "network user"
fi

if [ -z "${TOLL_TEST_UNSHARED:-}" ] || ! ip tuntap add dev probe0 mode tap 2>/dev/null; then
    echo "skip: a tap: it takes root, a network namespace and /dev/net/tun"
else
    ip link del probe0
    no_tap() { [ -z "$(ip -o link show type tun 2>/dev/null)" ]; }
    eventually() { # COMMAND...: within 20 s
        for _ in {1..200}; do
            ! "$@" || return 0
            sleep 0.1
        done
        return 1
    }
    one_tap() { ! no_tap; }
    check "48 connections at once by a tap" run 0 throughput --network tap --accel tcg --only uni:default/kv_get --rounds 1 \
        --seconds 1 --connections 48 -o "$scratch/rates"
    check "... none of which failed" /usr/bin/python3 -c '
import json, sys
rates = [json.loads(line) for line in open(sys.argv[1])]
assert [rate["measure"] for rate in rates] == ["get", "get_p16"], rates
assert all(rate["status"] == "ok" and rate["per_second"] > 0 and rate["connections"] == 48 for rate in rates), rates
assert all(rate["network"] == "tap" and rate["accel"] == "tcg" for rate in rates), rates' "$scratch/rates/rates.jsonl"
    check "... nothing is left of it" no_tap
    check "the report shows the rates" run 0 report --no-html "$scratch/rates"
    check "... as measured" out "requests a second (measured)"
    check "... and derives them again" run 0 report --no-html --check "$scratch/rates"
    sed -i 's/"per_second":[0-9]*/&1/' "$scratch/rates/rates.jsonl"
    check "... which sees a change" run 1 report --no-html --check "$scratch/rates"
    check "a folder has rates once" run 2 throughput --only uni:default/kv_get "$scratch/rates"
    for signal in TERM KILL; do
        "$toll" load uni/net_echo --network tap --accel tcg --seconds 60 >/dev/null 2>&1 &
        loader=$!
        check "a tap while the guest runs" eventually one_tap
        kill "-$signal" "$loader"
        wait "$loader" 2>/dev/null || true
        loader=
        check "... and none after SIG$signal" eventually no_tap
    done
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
