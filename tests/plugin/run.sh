#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh PLUGIN: boots small guests whose instructions were counted by hand, under the counting plugin, and
# compares; with a second QEMU too, if TOLL_QEMU_NEWER names one: its plugin interface may be another (qemu_api.h).  One
# TAP line a guest and mode; exit status 1 if any differs.
# shellcheck disable=SC2317 # functions are called by name, through report
set -euo pipefail

plugin=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# build NAME: NAME.S and start.S become $work/NAME.elf and, from its symbols, $work/NAME.map.
build() {
    gcc -static -nostdlib -no-pie -Wl,-T,"$here/guest.ld" -Wl,--build-id=none,--no-warn-rwx-segments -I"$root/kernels/include" \
        -o "$work/$1.elf" "$here/start.S" "$here/$1.S"
    nm "$work/$1.elf" | awk '
        BEGIN { print "toll-map 1" }
        { split($3, field, ".") }
        $3 == "boot" { print "boot", $1 }
        field[1] == "range" && field[4] == "start" { start[field[2] " " field[3]] = $1 }
        field[1] == "range" && field[4] == "end" { end[field[2] " " field[3]] = $1 }
        field[1] ~ /^(large|books)$/ && field[3] == "start" { span[field[1] " " field[2]] = $1 }
        field[1] ~ /^(large|books)$/ && field[3] == "end" { span_end[field[1] " " field[2]] = $1 }
        field[1] == "entry" { print "entry", $1, field[2], field[3] }
        END {
            for (part in start) print "range", start[part], end[part], part
            for (name in span) { split(name, word, " "); print word[1], span[name], span_end[name] }
        }' >"$work/$1.map"
}

# run NAME OPTIONS...: boots it and leaves the plugin's words in $work/NAME.out.
run() {
    local name=$1 status=0
    shift
    timeout 300 "$qemu" -M microvm,pit=off,pic=off,rtc=off,isa-serial=on -accel tcg,thread=single \
        -cpu max -m 64 -nodefaults -no-user-config -display none -no-reboot \
        -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$work/$name.elf" \
        -plugin "$plugin,map=$work/$name.map,out=$work/$name.out$options" "$@" 2>"$work/stderr" || status=$?
    if ((status != 33)); then
        echo "# QEMU ended with status $status: $(<"$work/stderr")"
        return 1
    fi
}

# report DESCRIPTION COMMAND...: runs the command and prints a TAP line.
report() {
    local what=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/report" 2>&1; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' "$work/report"
        failed=1
    fi
}

check() {
    local name=$1
    shift
    run "$name" "$@" && /usr/bin/python3 "$here/check.py" "$here/$name.S" "$work/$name.out"
}

# refuses_options TEXT OPTIONS: likewise these options.
refuses_options() {
    printf 'toll-map 1\nboot 100000\n' >"$work/good.map"
    if "$qemu" -M none -nodefaults -display none \
        -plugin "$plugin,map=$work/good.map,out=$work/bad.out,$2" </dev/null >"$work/stderr" 2>&1; then
        echo "QEMU took it"
        return 1
    fi
    grep -qF "$1" "$work/stderr" || { cat "$work/stderr"; return 1; }
}

# refuses TEXT LINE...: a map of these lines ends QEMU with a message that holds TEXT.
refuses() {
    local text=$1
    shift
    printf '%s\n' "$@" >"$work/bad.map"
    if "$qemu" -M none -nodefaults -display none \
        -plugin "$plugin,map=$work/bad.map,out=$work/bad.out" </dev/null >"$work/stderr" 2>&1; then
        echo "QEMU took it"
        return 1
    fi
    grep -qF "$text" "$work/stderr" || { cat "$work/stderr"; return 1; }
}

# guests OF: all of them; OF says with which QEMU.
guests() {
    local source name
    for source in "$here"/*.S; do
        name=$(basename "$source" .S)
        if [[ $name == start ]]; then
            continue
        fi
        options=$(sed -n 's|^//! plugin |,|p' "$source")
        build "$name"
        report "plugin: $name with icount$1" check "$name" -icount shift=0,sleep=off
        if ! grep -q '^//! icount' "$source"; then
            report "plugin: $name without icount$1" check "$name"
        fi
    done
}

options=
if [[ ${TOLL_QEMU_NEWER:-} ]]; then
    qemu=$TOLL_QEMU_NEWER
    guests " under $("$qemu" --version | sed -n '1s/^QEMU emulator version //p')"
else
    echo "# skipped: the guests under a second QEMU: TOLL_QEMU_NEWER names none"
fi
qemu="qemu-system-x86_64"
guests ""
report "plugin: an empty map is refused" refuses "bad.map:1: expected: toll-map 1" ""
report "plugin: a bad range is refused" refuses "bad.map:2: expected: range" "toll-map 1" "range 10 20 kernel"
report "plugin: an empty range is refused" refuses "the range is empty" "toll-map 1" "range 20 20 kernel fs"
report "plugin: an unknown kind is refused" refuses "expected the kind" "toll-map 1" "entry 10 trap x"
report "plugin: ranges that overlap are refused" refuses "overlap" "toll-map 1" "range 10 30 a b" "range 20 40 a c"
report "plugin: two entries at one address are refused" refuses "two entries at 10" "toll-map 1" \
    "entry 10 exception a" "entry 10 interrupt b"
report "plugin: an unknown option is refused" refuses_options "expected map=FILE" l3=1
report "plugin: a model with a size missing is refused" refuses_options "all of l1i" l1i=32768/8
report "plugin: a size that is none is refused" refuses_options "l1d=big: expected BYTES/WAYS" l1d=big
report "plugin: sets that are no power of 2 are refused" refuses_options "must be a power of 2" dtlb=48/4
report "plugin: a first level with ways over a page is refused" refuses_options "larger than a page" \
    l1i=65536/8,l1d=32768/8,l2=262144/4,itlb=128/8,dtlb=64/4,stlb=1536/12
echo "1..$number"
exit "$failed"
