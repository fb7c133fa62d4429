#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuzz_fs.sh COUNT SEED: COUNT damaged ext2 images, a third of them with each block size, through the file system.
set -euo pipefail
count=$1 seed=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for block in 1024 2048 4096; do
    bash tests/fuzz/fuzz_fs_image.sh "$scratch/image" "$block"
    build/tests/fuzz_fs "$scratch/image" $(((count + 2) / 3)) "$seed"
done
