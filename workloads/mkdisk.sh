#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mkdisk.sh: the disk that every workload finds.
#
#   mkdisk.sh OUT.img [PDF...]     makes an ext2 image of 16 MiB, bit for bit the same from the same inputs
#   mkdisk.sh -t DIR [PDF...]      makes the same files in a directory, for running workloads on the host
#
# On it: data/read.bin data/cold.bin data/dir/file (mkdata.py), tmp/ (empty), www/ (a site), pdf/NAME.pdf (the committed inputs and
# those named).  The image is filled by debugfs in a fixed order and with fixed times, because mke2fs -d takes
# owners, times and order from the machine it runs on.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
export E2FSPROGS_FAKE_TIME=1704067200 # 2024-01-01 00:00:00 UTC
export PATH=$PATH:/usr/sbin:/sbin MKE2FS_CONFIG=/dev/null DEBUGFS_PAGER=__none__
uuid=746f6c6c-0000-4000-8000-000000000001
size_blocks=4096 # of 4 KiB

die() {
    echo "mkdisk.sh: $*" >&2
    exit 1
}

tree() { # DIR PDF...
    local dir=$1 pdf
    shift
    /usr/bin/python3 "$here/mkdata.py" "$dir"
    mkdir -p "$dir/pdf"
    for pdf in "$here"/pdf/inputs/*.pdf "$@"; do
        [[ -f $pdf ]] || die "$pdf: no such file"
        cp -- "$pdf" "$dir/pdf/$(basename "$pdf")"
    done
    find "$dir" -type f -exec chmod 644 {} +
}

commands() { # DIR: what debugfs has to do
    local path
    (cd "$1" && LC_ALL=C find . -mindepth 1 | LC_ALL=C sort) | while read -r path; do
        [[ $path != *[[:space:]\"]* ]] || die "$path: a name with a blank or a quote cannot go on the disk"
        if [[ -d $1/$path ]]; then
            echo "mkdir ${path#.}"
        else
            echo "write $1/$path ${path#.}"
        fi
    done
}

image() { # OUT PDF...
    local out=$1 work log
    shift
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    mkdir "$work/tree"
    tree "$work/tree" "$@"
    commands "$work/tree" >"$work/commands"
    mke2fs -q -F -t ext2 -b 4096 -I 128 -N 256 -r 1 -O none,filetype,sparse_super -m 0 -U "$uuid" \
        -E "hash_seed=$uuid,root_owner=0:0,nodiscard" -L toll "$work/image" "$size_blocks" \
        >"$work/mke2fs" 2>&1 || die "mke2fs failed: $(cat "$work/mke2fs")"
    log=$(debugfs -w -f "$work/commands" "$work/image" 2>&1)
    if grep -v -e '^debugfs' -e '^Allocated inode' -e '^$' <<<"$log" >&2; then
        die "the files do not fit on the disk, or debugfs failed (above)"
    fi
    e2fsck -fn "$work/image" >"$work/fsck" 2>&1 || die "the image is not clean: $(cat "$work/fsck")"
    mkdir -p "$(dirname "$out")"
    cp --sparse=always "$work/image" "$out.new"
    mv "$out.new" "$out"
}

case ${1:-} in
-t)
    [[ $# -ge 2 ]] || die "-t DIR: the directory is missing"
    mkdir -p "$2"
    tree "${@:2}"
    ;;
"" | -*)
    die "usage: mkdisk.sh OUT.img [PDF...] | -t DIR [PDF...]"
    ;;
*)
    image "$@"
    ;;
esac
