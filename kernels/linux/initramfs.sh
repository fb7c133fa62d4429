#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# initramfs.sh OUT INIT [-m MODULE_LIST MODULES_FOLDER]... [-t TREE]... [PROGRAM...]: packs the baseline's first file
# system: /init, the modules of each list (kernels/linux/NAME) in /NAME under names that sort in the list's order, what is
# in each tree but documentation, and the programs in /bin.  The same contents give the same bytes.
set -euo pipefail

out=$1 init=$2
shift 2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree"/{bin,proc,sys,dev,disk}
cp "$init" "$tree/init"
while [[ ${1-} == -m ]]; do
    number=10
    mkdir "$tree/${2##*/}"
    while read -r module; do
        cp "$3/kernel/$module" "$tree/${2##*/}/$number-${module##*/}"
        number=$((number + 1))
    done < <(grep -v '^#' "$2")
    shift 3
done
while [[ ${1-} == -t ]]; do
    cp -r "$2/." "$tree"
    rm -rf "$tree/usr/share/doc"
    shift 2
done
for program; do
    strip -g -o "$tree/bin/${program##*/}" "$program"
done
find "$tree" -exec touch -h -d @0 {} +
(cd "$tree" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible --quiet) >"$out.new"
mv "$out.new" "$out"
