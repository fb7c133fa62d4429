#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# manifest.sh OUT WORKLOAD IMAGE WORKLOAD_OBJECT NAME=OBJECT...: what one program of the baseline was made of, as the
# manifests of the other structures say it.
set -euo pipefail

hash() {
    sha256sum "$1" | cut -d' ' -f1
}

out=$1 workload=$2 image=$3 object=$4
shift 4
{
    printf '{"structure":"linux","workload":"%s","objects":{"workload":"%s"' "$workload" "$(hash "$object")"
    for pair; do
        printf ',"%s":"%s"' "${pair%%=*}" "$(hash "${pair#*=}")"
    done
    printf '},"workload_sha256":"%s","image_sha256":"%s","image_bytes":%d}\n' "$(hash "$object")" "$(hash "$image")" \
        "$(stat -c %s "$image")"
} >"$out.new"
mv "$out.new" "$out"
