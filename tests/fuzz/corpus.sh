#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# corpus.sh: runs a target of libFuzzer from its committed corpus, which stays as it is.
#
# usage: tests/fuzz/corpus.sh NAME RUNS    build/tests/fuzz_NAME, tests/fuzz/corpus/NAME, tests/fuzz/NAME.dict
#
# What made it fail is kept in build/tests.  The last line is "N passed, M failed".
set -euo pipefail
cd "$(dirname "$0")/../.."

name=$1 runs=$2
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
words=()
[[ ! -f tests/fuzz/$name.dict ]] || words+=("-dict=tests/fuzz/$name.dict")
if "build/tests/fuzz_$name" -seed=1 -runs="$runs" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix=build/tests/ "${words[@]}" "$found" "tests/fuzz/corpus/$name" 2>&1 | grep -v -e '^"' -e 'dictionary'; then
    echo "1 passed, 0 failed"
else
    echo "0 passed, 1 failed"
    exit 1
fi
