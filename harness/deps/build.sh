# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # shares its names with deps.sh
# SPDX-License-Identifier: MIT
#
# build.sh: compiles musl and zlib into the cache, each into a folder named by version and by a hash of everything
# that shapes the result: this file, the replacements in musl/, and the compiler.  Part of deps.sh.
#
#   musl-os-*     musl whose system calls are C calls to os_syscall; holds no instruction that leaves its domain
#   musl-linux-*  the same with Linux's system calls, for the baseline
#   zlib-*        one archive for all of them; its memory comes from malloc

library_flags='-O2 -g -fPIE -mno-red-zone -fno-stack-protector -fcf-protection=none -ffunction-sections -fdata-sections'

# Sets version[...] from the cache.  Fails if anything was not fetched yet.
versions_read() {
    local name value
    declare -gA version=()
    [ -r "$cache/versions" ] || return 1
    while read -r name value; do version[$name]=$value; done <"$cache/versions"
    [ -n "${version[musl]:-}" ] && [ -n "${version[zlib]:-}" ] && [ -n "${version[linux]:-}" ] &&
        [ -d "$cache/linux-${version[linux]}" ]
}

# Sets where everything is.  Fails if any of it is missing.
artifacts_find() {
    local hash
    versions_read || return 1
    hash=$({ cat "$here/build.sh" "$here"/musl/*; gcc -dumpfullversion; } | sha256sum)
    hash=${hash:0:12}
    musl_os=$cache/musl-os-${version[musl]}-$hash
    musl_linux=$cache/musl-linux-${version[musl]}-$hash
    zlib=$cache/zlib-${version[zlib]#*:}-$hash
    linux=$cache/linux-${version[linux]}
    [ -d "$musl_os" ] && [ -d "$musl_linux" ] && [ -d "$zlib" ]
}

# Moves a finished folder to its place in the cache, where it appears whole or not at all.
artifact_put() { # BUILT PLACE
    if [ -d "$2" ]; then rm -rf "$1"; else chmod -R u+w,go=rX "$1" && mv "$1" "$2"; fi
}

# Runs a command quietly; on failure shows the end of its output and ends.
quietly() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >"$work/build.log" 2>&1 9>&- || { tail -20 "$work/build.log" >&2; die "$what failed"; }
}

source_unpack() { # PACKAGE PLACE
    [ -f "$cache/sources/$1_${version[$1]#*:}.dsc" ] || die "the cache $cache is damaged: remove it and run again"
    quietly "unpacking $1" dpkg-source --no-check -x "$cache/sources/$1_${version[$1]#*:}.dsc" "$2"
}

# Our files in place of everything in musl that contains a system-call instruction; an instruction for its crashes
# that stops a program in any ring, which hlt does not.
musl_hook() { # SOURCE
    local tree=$1
    cp "$here/musl/syscall_arch.h" "$tree/arch/x86_64/"
    sed -i 's/"hlt"/"ud2"/' "$tree/arch/x86_64/atomic_arch.h"
    rm "$tree"/src/{signal/x86_64/restore,process/x86_64/vfork}.s
    rm "$tree"/src/thread/x86_64/{__set_thread_area,__unmapself,clone,syscall_cp}.s
    cp "$here"/musl/{__set_thread_area.c,__unmapself.c,clone.s,syscall_cp.c} "$tree/src/thread/x86_64/"
    cp "$here/musl/restore.c" "$tree/src/signal/x86_64/"
    cp "$here/musl/vfork.c" "$tree/src/process/x86_64/"
}

# No instruction in the archive may leave its domain by itself or stop the processor.
musl_check() { # ARCHIVE
    local found
    found=$(objdump -d --no-show-raw-insn "$1" | grep -cE $'\t(syscall|sysenter|hlt|int |iret)' || true)
    [ "$found" = 0 ] || die "the hooked musl still holds $found system-call instructions: musl ${version[musl]} has new ones"
}

musl_build() { # KIND PLACE
    local kind=$1 place=$2 tree=$work/musl-$1 out=$work/out-$1
    say "building musl ${version[musl]} ($kind)"
    cp -r "$work/musl" "$tree"
    # The start code names a symbol of dynamic programs that no image has; far from address 0 it would not link.
    sed -i '/_DYNAMIC/d' "$tree/arch/x86_64/crt_arch.h"
    if [ "$kind" = os ]; then musl_hook "$tree"; fi
    (
        cd "$tree" || exit
        CC=gcc CFLAGS="$library_flags -ffile-prefix-map=$tree=musl" quietly "configuring musl" ./configure --disable-shared --prefix="$out"
        # Else musl compiles everything a second time as -fPIC and takes that.
        sed -i '/^AOBJS = /d' config.mak
        quietly "building musl" make -j"$(nproc)" lib/libc.a lib/crt1.o lib/crti.o lib/crtn.o
        quietly "installing musl" make install-headers
        mkdir -p "$out/lib"
        cp lib/libc.a lib/crt1.o lib/crti.o lib/crtn.o COPYRIGHT "$out/lib/"
    )
    if [ "$kind" = os ]; then musl_check "$out/lib/libc.a"; fi
    artifact_put "$out" "$place"
}

zlib_build() { # PLACE
    local place=$1 out=$work/out-zlib name headers
    headers=$(gcc -print-file-name=include)
    say "building zlib ${version[zlib]}"
    mkdir -p "$out/include"
    (
        cd "$work/zlib" || exit
        for name in adler32 compress crc32 deflate inffast inflate inftrees trees uncompr zutil; do
            # shellcheck disable=SC2086  # flags are words
            quietly "compiling zlib" gcc -std=c17 $library_flags -ffile-prefix-map="$PWD=zlib" -DHAVE_HIDDEN \
                -nostdinc -isystem "$musl_linux/include" -isystem "$headers" -c "$name.c" -o "$name.o"
        done
        quietly "archiving zlib" ar rcsD "$out/libz.a" ./*.o
        cp zlib.h zconf.h LICENSE "$out/include/"
    )
    artifact_put "$out" "$place"
}

# Builds what artifacts_find misses; needs what fetch_all leaves.
artifacts_build() {
    artifacts_find && return
    source_unpack musl "$work/musl"
    if [ ! -d "$musl_os" ]; then musl_build os "$musl_os"; fi
    if [ ! -d "$musl_linux" ]; then musl_build linux "$musl_linux"; fi
    if [ ! -d "$zlib" ]; then source_unpack zlib "$work/zlib"; zlib_build "$zlib"; fi
}
