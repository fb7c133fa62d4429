# shellcheck shell=bash
# shellcheck disable=SC2154  # shares its names with deps.sh
# SPDX-License-Identifier: MIT
#
# sources.sh: source packages of which the build compiles what it wants by itself, with the guest's flags.  They are
# unpacked, each into a folder of the cache named by version, with its licence; where NAME is unpacked, make knows
# as NAME_SOURCE in capital letters.  Of sqlite3 only its amalgamation is kept, which its own build makes.  Part of deps.sh.

# package, what it is for
sources='
lwip     TCP, UDP and IP for the part net
sqlite3  the database of db_sqlite
'

sources_names() { awk 'NF { print $1 }' <<<"$sources"; }

# Those that were not fetched yet, one a line; versions_read has to have been called.
sources_absent() {
    local name
    for name in $(sources_names); do
        if [ -z "${version[$name]:-}" ]; then printf '%s\n' "$name"; fi
    done
}

# A version of what is changed here, where something is, so that an older one in the cache is not taken for it.
declare -A source_change=([lwip]=-4)

source_place() { printf '%s/%s-%s%s' "$cache" "$1" "${version[$1]#*:}" "${source_change[$1]:-}"; } # NAME

# Fails if any of them is not unpacked.
sources_find() {
    local name
    for name in $(sources_names); do
        [ -n "${version[$name]:-}" ] && [ -d "$(source_place "$name")" ] || return 1
    done
}

# Debian's changes to lwip are left out: what they add is for its use as a shared library.  Those to sqlite3 mend flaws.
sources_unpack() {
    local name file
    local -A skip=([lwip]=--skip-patches)
    for name in $(sources_names); do
        if [ -d "$(source_place "$name")" ]; then continue; fi
        file=$cache/sources/${name}_${version[$name]#*:}.dsc
        [ -f "$file" ] || die "the cache $cache is damaged: remove it and run again"
        say "unpacking $name ${version[$name]}"
        # shellcheck disable=SC2086  # a word, or none
        quietly "unpacking $name" dpkg-source --no-check ${skip[$name]:-} -x "$file" "$work/$name"
        case $name in
            sqlite3) sqlite3_join ;;
            lwip) lwip_mend ;;
        esac
        artifact_put "$work/$name" "$(source_place "$name")"
    done
}

# One line of lwip, which must be there once.
lwip_line() { # FILE BEFORE AFTER
    local file=$work/lwip/src/core/$1 text
    text=$(<"$file")
    [ "$(grep -cF -- "$2" "$file")" = 1 ] ||
        die "lwip ${version[lwip]} is not the one that lwip_mend in sources.sh changes"
    printf '%s\n' "${text/"$2"/"$3"}" >"$file"
}

# A segment that is split for a small window keeps its FIN, which is the second half's.  The FIN of a segment that came
# out of order counts where it is, not at the end of a longer one that covers it, which the window may not have room
# for; and such a segment is kept only if the window has room for all of it (RFC 9293, section 3.10.7.4), which is what
# lwIP relies on when its turn comes.  The largest segment is agreed on in SYNs alone (section 3.7.1): those that are
# queued are made for it.  A frame to another machine may end before the port that is looked at.  An option of DHCP may
# end more than one fragment further.
lwip_mend() {
    lwip_line tcp_out.c 'TCPH_SET_FLAG(useg->tcphdr, split_flags)' 'TCPH_FLAGS_SET(useg->tcphdr, split_flags)'
    lwip_line tcp_in.c '(TCPH_FLAGS(inseg.tcphdr) & TCP_SYN) == 0) {' \
        '(TCPH_FLAGS(inseg.tcphdr) & TCP_SYN) == 0 && seqno + tcplen == next->tcphdr->seqno + next->len) {'
    lwip_line tcp_in.c 'TCPH_SET_FLAG(cseg->tcphdr, TCP_FIN);' \
        'if (seqno + cseg->len == next->tcphdr->seqno + next->len) TCPH_SET_FLAG(cseg->tcphdr, TCP_FIN);'
    lwip_line tcp_in.c 'if (pcb->ooseq == NULL) {' \
        'if (TCP_SEQ_GT(seqno + tcplen, pcb->rcv_nxt + pcb->rcv_wnd)) {} else if (pcb->ooseq == NULL) {'
    lwip_line tcp_in.c 'pcb->mss = ((mss > TCP_MSS)' 'if (flags & TCP_SYN) pcb->mss = ((mss > TCP_MSS)'
    lwip_line ipv4/ip4.c 'if (IPH_PROTO(iphdr) == IP_PROTO_UDP) {' \
        'if (IPH_PROTO(iphdr) == IP_PROTO_UDP && p->len >= iphdr_hlen + UDP_HLEN) {'
    lwip_line ipv4/dhcp.c 'if (offset >= q->len) {' 'while (offset >= q->len) {'
}

# All of SQLite in one file, as its authors recommend to compile it.  It is in the public domain: debian/copyright.
sqlite3_join() {
    local tree=$work/sqlite3-tree
    mv "$work/sqlite3" "$tree"
    (
        cd "$tree" || exit
        quietly "configuring sqlite3" ./configure --disable-tcl --disable-readline
        quietly "making sqlite3.c" make sqlite3.c
        mkdir "$work/sqlite3"
        cp sqlite3.c sqlite3.h debian/copyright "$work/sqlite3/"
    )
}

# Lines for build/deps.mk.
sources_mk() {
    local name
    for name in $(sources_names); do
        printf '%s_SOURCE := %s\n%s_VERSION := %s\n' "${name^^}" "$(source_place "$name")" "${name^^}" "${version[$name]}"
    done
}
