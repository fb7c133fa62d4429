#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# run.sh: tests of harness/deps: its own behaviour, and the libraries that it built.  Installs nothing and needs no
# network, but deps.sh must have run before.  Prints "N passed, M failed" and exits 1 if any failed.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$name"
        tail -5 "$work/out"
    fi
}

# A command's exit code and a part of what it says.
ends_with() { # CODE TEXT COMMAND...
    local code=$1 text=$2 status=0
    shift 2
    "$@" >"$work/said" 2>&1 || status=$?
    cat "$work/said"
    [ "$status" = "$code" ] && grep -qF -- "$text" "$work/said"
}

location() { sed -n "s/^$1 := //p" "$root/build/deps.mk"; }

# Links the test program with one of the two libraries at an address, and runs it if a process can live there.
link() { # LIBRARY ADDRESS [OBJECTS...]
    local library=$1 address=$2 program=$work/program-$2
    shift 2
    gcc -static -no-pie -nostdlib -Wl,-Ttext-segment="$address" -Wl,--no-relax -o "$program" "$library/lib/crt1.o" \
        "$work/hook.o" "$@" "$zlib/libz.a" "$library/lib/libc.a"
    case $address in 0xffff*) ;; *) "$program" ;; esac
}

silent() {
    "$root/harness/deps/deps.sh" >"$work/said" 2>&1 && [ ! -s "$work/said" ]
}

# An empty listing must not be mistaken for a library without system calls.
no_syscall() {
    objdump -d --no-show-raw-insn "$os/lib/libc.a" >"$work/listing"
    grep -q '<getpid>:' "$work/listing" || return 1
    ! grep -E $'\t(syscall|sysenter|int |hlt)' "$work/listing"
}

getpid_jumps() {
    sed -n '/<getpid>:/,/^$/p' "$work/listing" | grep 'jmp'
}

check 'an unknown group is refused' ends_with 2 "unknown group 'x'" "$root/harness/deps/deps.sh" x
check 'an unknown mode is refused' ends_with 2 'DEPS=x is not known' env DEPS=x "$root/harness/deps/deps.sh"
check 'a cache with a blank is refused' ends_with 2 'set TOLL_CACHE' env TOLL_CACHE="$work/a b" "$root/harness/deps/deps.sh"
check 'an empty cache is reported' ends_with 3 'missing in' env DEPS=check TOLL_CACHE="$work/none" "$root/harness/deps/deps.sh"
check 'an empty cache is not touched by a check' test ! -e "$work/none"
check 'a machine without Debian packages is told what to install' \
    ends_with 3 'libtomlplusplus-dev' env PATH=/nonexistent /usr/bin/bash "$root/harness/deps/deps.sh"
check 'nothing to do is done silently' silent

os=$(location MUSL_OS) linux=$(location MUSL_LINUX) zlib=$(location ZLIB)
check 'the kernel of the baseline is there' bash -c "ls '$(location LINUX_DEB)'/boot/vmlinuz-*"
check 'the hooked musl has no system-call instruction' no_syscall
check 'a call without arguments is a jump' getpid_jumps

# Debian's servers with their own libraries, not with those of this machine.
servers=$(sed -n 's/^SERVERS_DEB := //p' "$root/build/servers.mk")
server_runs() { # PROGRAM WORD TEXT
    "$servers"/lib64/ld-linux-x86-64.so.2 --inhibit-cache --library-path "$servers/lib/x86_64-linux-gnu" \
        --list "$servers/$1" >"$work/libraries" && ! grep -E '=> /' "$work/libraries" | grep -vF "$servers/" || return 1
    ends_with 0 "$3" "$servers"/lib64/ld-linux-x86-64.so.2 --library-path "$servers/lib/x86_64-linux-gnu" "$servers/$1" "$2"
}
if [ -n "$servers" ]; then
    check "Debian's redis-server is whole" server_runs usr/bin/redis-server --version 'Redis server'
    check "Debian's nginx is whole" server_runs usr/sbin/nginx -v 'nginx version'
    check 'their licences are kept' bash -c "ls '$servers'/usr/share/doc/{redis-tools,nginx}/copyright"
fi
no_mirror() {
    mkdir -p "$work/tree/harness" "$work/cache" && cp -r "$root/harness/deps" "$work/tree/harness" &&
        cp -rs "${linux%/*}"/{linux,musl,zlib,lwip,sqlite3}-[0-9]* "${linux%/*}"/musl-* "$work/cache" 2>/dev/null
    sed '/^servers /d' "${linux%/*}/versions" >"$work/cache/versions"
    ends_with 0 'going on without them' env TOLL_CACHE="$work/cache" TOLL_APT_SOURCE=http://127.0.0.1:1/none \
        "$work/tree/harness/deps/deps.sh" && grep -qx 'SERVERS_DEB := ' "$work/tree/build/servers.mk"
}
check 'a mirror without them stops nothing' no_mirror

gcc -c -o "$work/os_syscall.o" "$root/tests/deps/os_syscall.S"
gcc -std=c17 -O2 -fPIE -mno-red-zone -fno-stack-protector -Wall -Wextra -Werror -D_GNU_SOURCE -nostdinc \
    -isystem "$linux/include" -isystem "$(gcc -print-file-name=include)" -isystem "$zlib/include" \
    -c -o "$work/hook.o" "$root/tests/deps/hook.c"
for address in 0x400000 0x100000000 0x600000000000 0xffffffff80200000; do
    check "a program at $address, hooked" link "$os" "$address" "$work/os_syscall.o"
    check "a program at $address, plain" link "$linux" "$address"
done

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
