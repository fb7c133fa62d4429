#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# deps.sh: everything that toll needs and does not bring along.
#
#   deps.sh [bench] [test] [time]      groups of packages; bench if none is named
#   DEPS=check deps.sh ...             only reports what is missing; exit 3 if anything is
#
# 1. Installs the Debian packages that are missing (root or sudo), saying which and why.
# 2. Fetches the source packages of musl, zlib and others and Debian's cloud kernel   (fetch.sh)
# 3. Builds musl twice and zlib into a cache outside the tree                         (build.sh)
#    and unpacks there what the build compiles with the guest's flags                 (sources.sh)
#    and the distribution's servers, which are measured beside ours                   (servers.sh)
# 4. Writes build/deps.mk and build/servers.mk, which tell make where they are.
#
# When nothing is missing it does nothing, quickly and without the network.  The cache is ${TOLL_CACHE}, or toll in
# ${XDG_CACHE_HOME} or ~/.cache; entries appear in it by a rename and are never changed afterwards, so several
# clones share it.  Remove it to get newer versions.  Exit codes: 0; 2 usage; 3 this host cannot provide something.
#
# shellcheck disable=SC1091,SC2154  # the other files, and the names that they set

set -euo pipefail
export LC_ALL=C
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
root=${here%/harness/deps}
cache=${TOLL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/toll}

say() { printf 'deps: %s\n' "$*" >&2; }
die() { say "$1"; shift; if [ $# -gt 0 ]; then printf '      %s\n' "$@" >&2; fi; exit 3; }

# group, package, what it is for
packages='
bench  make                 runs the build
bench  gcc                  compiles the guests, the harness and musl
bench  libc6-dev            headers of the C library, for the harness
bench  binutils             links and merges objects (ld, objcopy, nm)
bench  g++                  compiles the reader of bench.toml
bench  libtomlplusplus-dev  reads bench.toml
bench  libjansson-dev       reads and writes results (JSON)
bench  nettle-dev           SHA-256 of images and outputs
bench  qemu-system-x86      boots the guests
bench  e2fsprogs            makes and checks the disks of the guests (mke2fs, e2fsck, debugfs)
bench  dpkg-dev             unpacks source packages (musl, zlib, lwip, sqlite3)
bench  tcl                  joins the sources of SQLite into one
bench  cpio                 packs the initramfs of the Linux baseline
bench  xz-utils             unpacks the kernel of the Linux baseline
bench  python3              makes the report
bench  python3-jinja2       fills in the pages of the report
bench  python3-matplotlib   draws its pictures
test   libcmocka-dev        runs the unit tests
test   clang-14             second compiler: warnings, sanitizers
test   libclang-rt-14-dev   the sanitizers of that compiler
test   clang-format-14      checks the layout of C files
test   shellcheck           checks shell scripts
test   python3-jsonschema   checks results against results/schema
test   bochs                boots guests on processors with PCID
test   bochsbios            its BIOS
test   vgabios              and that of its screen
test   redis-tools          clients of the key-value store, and another to compare it with
test   curl                 a client of the web server
test   apache2-utils        another (ab)
test   wrk                  another
time   hyperfine            measures boot latency
time   linux-perf           counts events of the host
time   libbpf-dev           counts VM exits in the host kernel
time   bpftool              generates the headers for that
time   clang-14             compiles for BPF
time   busybox-static       a small system around KVM, for make test-kvm
'

# shellcheck source-path=SCRIPTDIR source=fetch.sh
. "$here/fetch.sh"
# shellcheck source-path=SCRIPTDIR source=build.sh
. "$here/build.sh"
# shellcheck source-path=SCRIPTDIR source=sources.sh
. "$here/sources.sh"
# shellcheck source-path=SCRIPTDIR source=servers.sh
. "$here/servers.sh"

groups=" ${*:-bench} "
for group in $groups; do
    case $group in
        bench|test|time) ;;
        *) say "unknown group '$group': expected bench, test or time"; exit 2 ;;
    esac
done
case ${DEPS:-} in
    ''|check) ;;
    *) say "DEPS=$DEPS is not known: expected check, or nothing"; exit 2 ;;
esac
case $cache in
    *[[:space:]]*) say "the cache folder '$cache' has a blank in its name, which make cannot handle: set TOLL_CACHE"; exit 2 ;;
esac

# Sets names and missing: the packages of the chosen groups, and those of them that are not installed.
packages_check() {
    local group name _why state
    local -A installed=()
    names=() missing=()
    while read -r group name _why; do
        case $groups in *" ${group:-none} "*) names+=("$name") ;; esac
    done <<<"$packages"
    while read -r state name; do
        case $state in ?i) installed[$name]=1 ;; esac
    done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${names[@]}" 2>/dev/null || true)
    for name in "${names[@]}"; do
        if [ -z "${installed[$name]:-}" ]; then missing+=("$name"); installed[$name]=1; fi
    done
}

# One line per missing package: its name and what it is for.
packages_explain() {
    local group name why
    while read -r group name why; do
        case " ${missing[*]} " in *" ${name:-none} "*)
            case $groups in *" $group "*) printf '      %-20s %s\n' "$name" "$why" >&2 ;; esac ;;
        esac
    done <<<"$packages"
}

packages_install() {
    local log=$work/apt.log install
    local -a as_root=()
    install="apt-get install --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "these packages need root to install, and there is no sudo.  Run as root:" "$install"
        sudo -n true 2>/dev/null || [ -t 0 ] ||
            die "these packages need root to install, and sudo wants a password.  Run first:" "sudo $install"
        as_root=(sudo)
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    say "installing ${#missing[@]} packages"
    # A machine without package lists, or with old ones, fails the first try: get new ones and try again.
    "${as_root[@]}" install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 9>&- && return
    { "${as_root[@]}" update && "${as_root[@]}" install -y --no-install-recommends "${missing[@]}"; } \
        >>"$log" 2>&1 9>&- && return
    apt_die "$log" "could not install packages" "$install"
}

os_name() { (. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-unknown}") || printf 'unknown'; }

# Writes build/deps.mk unless it says the same already: make must not rebuild the world for nothing.
write_mk() {
    local mk=$root/build/deps.mk text
    text="# written by harness/deps/deps.sh
MUSL_OS := $musl_os
MUSL_LINUX := $musl_linux
ZLIB := $zlib
LINUX_DEB := $linux
MUSL_VERSION := ${version[musl]}
ZLIB_VERSION := ${version[zlib]}
LINUX_VERSION := ${version[linux]}
$(sources_mk)"
    if [ -f "$mk" ] && [ "$(<"$mk")" = "$text" ]; then return; fi
    mkdir -p "$root/build"
    printf '%s\n' "$text" >"$mk.$$"
    mv "$mk.$$" "$mk"
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    missing=() names=()
    while read -r _ name _; do if [ -n "$name" ]; then missing+=("$name"); fi; done <<<"$packages"
    say "this is $(os_name), and toll gets what it needs from Debian's packages.  It is made for Debian 12."
    say "Use a Debian 12 machine or container, or install what these packages hold by hand:"
    packages_explain
    exit 3
fi

packages_check
if [ ${#missing[@]} -gt 0 ]; then
    say "missing packages:"
    packages_explain
    if [ "${DEPS:-}" = check ]; then
        say "as root: apt-get install --no-install-recommends ${missing[*]}"
        exit 3
    fi
fi
if [ ${#missing[@]} -eq 0 ] && artifacts_find && sources_find && servers_known; then
    [ "${DEPS:-}" = check ] || { write_mk; servers_mk; }
    exit 0
fi
if [ "${DEPS:-}" = check ]; then
    say "missing in $cache: sources, libraries, or the kernel or servers of the Linux baseline; make deps fetches and builds them"
    exit 3
fi

mkdir -p "$cache" 2>/dev/null || die "cannot make the cache folder $cache: set TOLL_CACHE to a folder that can be written"
exec 9>"$cache/lock"
flock -n 9 || { say "waiting for another run of this script"; flock 9; }
work=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
packages_check
if [ ${#missing[@]} -gt 0 ]; then packages_install; fi
{ artifacts_find && sources_find; } || {
    fetch_all
    versions_read
    artifacts_build
    sources_unpack
    { artifacts_find && sources_find; } || die "the build in $cache left something out"
}
servers_fetch
write_mk
servers_mk
say "ready: musl ${version[musl]}, zlib ${version[zlib]}, linux ${version[linux]} in $cache"
