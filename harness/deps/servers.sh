# shellcheck shell=bash
# shellcheck disable=SC2154  # shares its names with deps.sh
# SPDX-License-Identifier: MIT
#
# servers.sh: the distribution's own servers, for a row of the Linux baseline: redis-server, which Debian packs into
# redis-tools under its second name redis-check-rdb, and nginx.  Nothing of it is installed on this machine.  A folder of the
# cache, named by their versions and by a hash of this file, has them as the guest will:
#
#   usr/bin/redis-server, usr/sbin/nginx, lib64, lib    the programs and the shared libraries that they name
#   usr/share/doc/*/copyright                           of the packages from which these are
#   versions                                            PROGRAM VERSION, one a line
#
# build/servers.mk tells make where it is.  Where the mirror does not have them everything else goes on without, until that
# file is removed: the cells of that row say so.  Part of deps.sh.

servers_hash() { sha256sum "$here/servers.sh" | cut -c1-12; }

servers_place() { printf '%s/servers-%s-%s' "$cache" "${version[servers]}" "$(servers_hash)"; }

# Fails if they were not fetched yet.
servers_find() {
    [ -n "${version[servers]:-}" ] && [ -d "$(servers_place)" ]
}

# They are there, or it was tried to get them before.
servers_known() {
    servers_find || [ -f "$root/build/servers.mk" ]
}

# The libraries' packages on which that of an archive depends.
servers_depends() { # DEB
    { dpkg-deb -f "$1" Pre-Depends; dpkg-deb -f "$1" Depends; } | tr ',' '\n' |
        sed -E 's/^ *//; s/[ |:(].*//' | grep -E '^(lib|zlib)' || true
}

# Unpacks packages, those that they depend on, and so on, into $work/root; their versions into $work/packages.
servers_unpack() { # PACKAGE...
    local deb name seen=' '
    local -a next=("$@")
    mkdir -p "$work/root" "$work/debs"
    while [ ${#next[@]} -gt 0 ]; do
        seen+="${next[*]} "
        (cd "$work/debs" && apt-get "${fetch_opt[@]}" download "${next[@]}") >>"$work/servers.log" 2>&1 9>&- || return 1
        next=()
        for deb in "$work"/debs/*.deb; do
            dpkg-deb -x "$deb" "$work/root"
            printf '%s %s\n' "$(dpkg-deb -f "$deb" Package)" "$(dpkg-deb -f "$deb" Version)" >>"$work/packages"
            for name in $(servers_depends "$deb"); do
                case "$seen${next[*]} " in *" $name "*) ;; *) next+=("$name") ;; esac
            done
            rm "$deb"
        done
    done
}

# Copies a program or library to its place, with the libraries that it names.  Fails if one of them is nowhere.
servers_take() { # FILE PLACE
    local library from
    [ ! -e "$work/servers/$2" ] || return 0
    mkdir -p "$work/servers/$(dirname "$2")"
    cp -L "$1" "$work/servers/$2"
    for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        from=$(find "$work/root" -name "$library" | head -n 1)
        if [ -z "$from" ]; then
            say "$2 wants $library, which is in none of the packages"
            return 1
        fi
        case $library in
            ld-linux*) servers_take "$from" "lib64/$library" || return 1 ;;
            *) servers_take "$from" "lib/x86_64-linux-gnu/$library" || return 1 ;;
        esac
    done
}

servers_pack() {
    servers_take "$work/root/usr/bin/redis-check-rdb" usr/bin/redis-server || return 1
    servers_take "$work/root/usr/sbin/nginx" usr/sbin/nginx || return 1
    (cd "$work/root" && cp --parents usr/share/doc/*/copyright "$work/servers")
    sed -n 's/^redis-tools /redis-server /p; /^nginx /p' "$work/packages" >"$work/servers/versions"
}

# Gets them, or says that it goes on without.
servers_fetch() {
    if servers_known; then return; fi
    say "fetching Debian's redis-server (redis-tools) and nginx, for rows of the Linux baseline; they are not installed"
    [ -n "${fetch_opt[*]:-}" ] || fetch_prepare
    if ! servers_unpack redis-tools nginx || ! servers_pack; then
        tail -n 3 "$work/servers.log" | sed 's/^/      /' >&2
        say "going on without them: the row of the report that is theirs stays empty" \
            "(remove build/servers.mk to try again)"
        return
    fi
    version[servers]=$(sed 's/^[^ ]* //; s/^[0-9]*://' "$work/servers/versions" | paste -sd -)
    artifact_put "$work/servers" "$(servers_place)"
    fetch_versions_write "${version[linux]}"
}

# Writes build/servers.mk unless it says the same already.
servers_mk() {
    local mk=$root/build/servers.mk text
    text="# written by harness/deps/servers.sh
SERVERS_DEB := $(if servers_find; then servers_place; fi)"
    if [ -f "$mk" ] && [ "$(<"$mk")" = "$text" ]; then return; fi
    mkdir -p "$root/build"
    printf '%s\n' "$text" >"$mk.$$"
    mv "$mk.$$" "$mk"
}
