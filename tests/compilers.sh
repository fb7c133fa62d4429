#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# compilers.sh: the other compiler.  Builds harness, plugin, every image and the unit tests' sources in a copy of the
# tree with clang 14, without a warning, and lets the images measure a few cells.
# usage: tests/compilers.sh      prints "N passed, M failed"
set -euo pipefail

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy" 2>/dev/null || true
mkdir -p "$copy/build"
cp build/deps.mk "$copy/build"
cd "$copy"
passed=0 failed=0

step() {
    local name=$1
    shift
    if "$@" >log 2>&1; then
        echo "ok - $name"
        passed=$((passed + 1))
    else
        echo "not ok - $name"
        tail -20 log
        failed=$((failed + 1))
    fi
}

structures=
for file in kernels/*/image.mk; do
    structures+="${structures:+,}$(basename "${file%/image.mk}")/*"
done
clang=(make -j2 CC=clang-14 CXX=clang++-14 GUEST_CC=clang-14)
step "clang 14: harness and plugin" "${clang[@]}" build/toll build/plugin/toll-count.so
step "clang 14: images" "${clang[@]}" images
step "clang 14: images run" build/toll run --lane exact --only "$structures" -o results/clang
step "clang 14: programs succeed, books agree" \
    bash -c 'test -s results/clang/samples.jsonl && ! grep -oE "\"(status\":\"fail|audit\":\"failed)" results/clang/samples.jsonl'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
