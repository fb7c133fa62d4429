# shellcheck shell=bash
# shellcheck disable=SC1091,SC2154  # names set by deps.sh
# SPDX-License-Identifier: MIT
#
# fetch.sh: gets source packages and the kernel package with apt, without touching apt's configuration or its lists:
# a private folder holds the machine's own entries for its Debian release (same mirror, same keys) with deb-src added,
# and the lists made from them.  apt checks every signature and hash.  Needs no privilege.  Part of deps.sh.
#
# Leaves in the cache:   sources/<package>_<version>.dsc and its archives
#                        linux-<version>/boot, lib      the unpacked kernel package
#                        versions                       which versions these are, one "name version" a line

# Explains a failure of apt: die with what was tried, the cause, and what to do about it.
apt_die() { # LOG WHAT COMMAND
    local log=$1 what=$2 command=$3 absent
    grep -E '^(E|Err|W):' "$log" | tail -5 | sed 's/^/      /' >&2 || true
    absent=$(sed -n 's/^E: Unable to locate package //p; s/^E: Package .\(.*\). has no installation candidate/\1/p;
                     s/^E: Unable to find a source package for //p' "$log" | sort -u | tr '\n' ' ')
    # Whatever the cause of an empty list, the network's word comes first.
    if grep -qiE -e 'could not (resolve|connect)|unable to connect|temporary failure|timed out|unreachable' \
        -e 'connection (failed|refused)' "$log"; then
        die "$what: no connection to the package mirror." \
            "Connect this machine once, or copy a filled cache from another one to $cache, then run again:" "$command"
    fi
    if [ -n "$absent" ]; then
        die "$what: this is $(os_name), whose mirrors do not have: $absent" \
            "toll is made for Debian 12 (bookworm).  Use it, or install the equivalents by hand."
    fi
    die "$what.  This was tried:" "$command"
}

# The machine's apt entries for its own release: "FILE:INDEX" per line, INDEX a line or a stanza of FILE.
fetch_entries() {
    local codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016  # apt's names, not the shell's
    apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI) $(SOURCESENTRY)' \
        'Created-By: Packages' |
        awk -v name="$codename" '
            $3 ~ /^cdrom:/ || $2 != "main" { next }
            { base = $1; sub(/[-\/].*/, "", base) }
            base == name || base ~ /^(old)*stable$/ { if (!seen[$4]++) print $4 }'
}

# Copies those entries to the folder $1 with packages and sources enabled.
fetch_write_sources() {
    local dir=$1 entry file index n=0 codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    if [ -n "${TOLL_APT_SOURCE:-}" ]; then
        printf '%s '"$TOLL_APT_SOURCE $codename main"'\n' deb deb-src >"$dir/0.list"
        return
    fi
    while read -r entry; do
        file=${entry%:*} index=${entry##*:} n=$((n + 1))
        case $file in
            *.sources)
                awk -v want="$index" 'BEGIN { RS = ""; FS = "\n" }
                    { for (i = 1; i <= NF; i++) if ($i !~ /^#/) { if (++stanza == want) print; next } }' "$file" |
                    sed 's/^[Tt]ypes:.*/Types: deb deb-src/' >"$dir/$n.sources" ;;
            *)
                sed -n "${index}s/^[[:space:]]*deb[[:space:]]/deb /p" "$file" >"$dir/$n.list"
                sed 's/^deb /deb-src /' "$dir/$n.list" >"$dir/$n.src.list" ;;
        esac
    done < <(fetch_entries)
    [ $n -gt 0 ] || die "apt is not set up for the release of this machine ($(os_name))." \
        "Set TOLL_APT_SOURCE to the address of a Debian mirror and run again."
}

fetch_versions_write() {
    local dsc
    for dsc in "$cache"/sources/*.dsc; do
        sed -n 's/^Source: //p; s/^Version: //p' "$dsc" | paste -sd ' '
    done >"$work/versions"
    printf 'linux %s\n' "$1" >>"$work/versions"
    if [ -n "${version[servers]:-}" ]; then printf 'servers %s\n' "${version[servers]}" >>"$work/versions"; fi
    mv "$work/versions" "$cache/versions"
}

# A private set of apt's options in fetch_opt, with fresh lists.
fetch_prepare() {
    local apt=$work/fetch
    mkdir -p "$apt"/{lists/partial,archives/partial,sources.list.d,new}
    fetch_write_sources "$apt/sources.list.d"
    fetch_opt=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources.list.d"
         -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt" -o Acquire::Languages=none -o Acquire::Retries=2
         -o APT::Sandbox::User=root -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
    # One mirror without sources must not spoil it while another one has them: judge by what can be fetched.
    apt-get "${fetch_opt[@]}" update >"$work/fetch.log" 2>&1 9>&- || true
}

# Source packages, as their authors and Debian signed them, into the cache.
fetch_sources() { # PACKAGE...
    local log=$work/fetch.log
    (cd "$work/fetch/new" && apt-get "${fetch_opt[@]}" source --download-only "$@") >>"$log" 2>&1 9>&- || {
        if grep -qE 'Sources? .*(404|Not Found)' "$log"; then
            die "the package mirror has no source packages (deb-src)." \
                "Set TOLL_APT_SOURCE to the address of a full Debian mirror and run again."
        fi
        apt_die "$log" "could not fetch source packages" "apt-get source --download-only $*"
    }
    mkdir -p "$cache/sources"
    mv "$work"/fetch/new/* "$cache/sources/"
}

# Everything from the network that is not in the cache yet; does nothing if all of it is.
fetch_all() {
    local apt=$work/fetch log=$work/fetch.log kernel deb release fresh=1
    local -a absent=()
    if versions_read; then fresh=; else rm -rf "$cache/sources"; fi
    mapfile -t absent < <(sources_absent)
    [ -n "$fresh" ] || [ ${#absent[@]} -gt 0 ] || return 0
    say "fetching ${fresh:+the kernel of the Linux baseline and }the sources of ${fresh:+musl zlib }${absent[*]}"
    fetch_prepare
    fetch_sources ${fresh:+musl zlib} "${absent[@]}"
    if [ -z "$fresh" ]; then
        fetch_versions_write "${version[linux]}"
        return
    fi
    kernel=$(apt-cache "${fetch_opt[@]}" depends linux-image-cloud-amd64 2>>"$log" |
        awk '$1 == "Depends:" && $2 ~ /^linux-image-/ && !n++ { print $2 }')
    (cd "$apt/new" && apt-get "${fetch_opt[@]}" download "${kernel:-linux-image-cloud-amd64}") >>"$log" 2>&1 9>&- ||
        apt_die "$log" "could not fetch Debian's cloud kernel" "apt-get download ${kernel:-linux-image-cloud-amd64}"
    deb=$(echo "$apt"/new/*.deb)
    release=$(dpkg-deb -f "$deb" Version)
    dpkg-deb -x "$deb" "$work/linux" && rm -f "$deb"
    artifact_put "$work/linux" "$cache/linux-$release"
    fetch_versions_write "$release"
}
