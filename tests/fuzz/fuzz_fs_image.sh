#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuzz_fs_image.sh OUT [BLOCK_BYTES]: makes the small sound ext2 image that fuzz_fs damages: directories, links of both
# kinds, a loop, and files that reach into every level of the block map.
set -euo pipefail

out=$1
block=${2:-1024}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir -p "$tree/d1/d2/d3" "$tree/many"
echo hello >"$tree/a"
printf '%0300d' 7 >"$tree/d1/d2/deep"
ln -s d1/d2/deep "$tree/link"
ln -s "$(printf 'd1/%.0s./' {1..30})d2/deep" "$tree/d1/slow"
ln -s loop "$tree/loop"
ln "$tree/a" "$tree/hard"
seq 1 9000 >"$tree/big"
truncate -s 70M "$tree/sparse"
printf x | dd of="$tree/sparse" bs=1k seek=300 conv=notrunc status=none
printf y | dd of="$tree/sparse" bs=1k seek=66000 conv=notrunc status=none
for i in {1..40}; do echo "$i" >"$tree/many/f$i"; done
find "$tree" -exec touch -h -d @1704067200 {} +
rm -f "$out"
E2FSPROGS_FAKE_TIME=1704067200 mke2fs -q -t ext2 -b "$block" -I 128 -N 96 -r 1 -O none,filetype,sparse_super \
    -d "$tree" "$out" 512k >/dev/null 2>&1
