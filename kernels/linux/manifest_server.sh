#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# manifest_server.sh OUT NAME FOLDER: what one of the distribution's servers is made of (harness/deps/servers.sh), like
# manifest.sh for a workload: its version, and the hashes of the program and of each library.  Without a FOLDER there
# is no server, and the hash of nothing.
set -euo pipefail

hash() {
    sha256sum "$1" | cut -d' ' -f1
}

out=$1 name=$2 folder=$3
program=/dev/null version=''
if [[ $folder ]]; then
    program=$(find "$folder/usr" -path "*bin/$name")
    version=$(sed -n "s/^$name //p" "$folder/versions")
fi
{
    printf '{"structure":"linux","server":"%s","version":"%s","objects":{"workload":"%s"' "$name" "$version" \
        "$(hash "$program")"
    if [[ $folder ]]; then
        for library in "$folder"/lib*/{,*/}*.so*; do
            [[ ! -f $library ]] || printf ',"%s":"%s"' "${library##*/}" "$(hash "$library")"
        done
    fi
    printf '},"workload_sha256":"%s"}\n' "$(hash "$program")"
} >"$out.new"
mv "$out.new" "$out"
