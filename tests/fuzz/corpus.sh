#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# corpus.sh: runs a target of libFuzzer from its committed corpus, which stays as it is.
#
# usage: [SEED=N] tests/fuzz/corpus.sh NAME RUNS    build/tests/fuzz_NAME, tests/fuzz/corpus/NAME, tests/fuzz/NAME.dict
#
# The same tree does the same again: libFuzzer does not read its folder anew by the clock, it begins with the corpus by
# name, not as the folder has it, and where the system allows, the addresses that its mutations come from do not depend
# on chance or on the environment.  What made it fail is kept in build/tests.  The last line is "N passed, M failed".
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C

name=$1 runs=$2
found=$(mktemp -d build/tests/found.XXXXXX)
trap 'rm -rf "$found"' EXIT
words=("-seed=${SEED:-1}" -reload=0 "-runs=$runs" -max_len=4096 -timeout=300 -rss_limit_mb=2048
    -verbosity=0 -print_final_stats=1 -artifact_prefix=build/tests/)
[[ ! -f tests/fuzz/$name.dict ]] || words+=("-dict=tests/fuzz/$name.dict")
words+=("-seed_inputs=$(printf '%s\n' "tests/fuzz/corpus/$name"/* | paste -sd,)")
fixed=(env -i PATH=/usr/bin:/bin)
! setarch -R true 2>/dev/null || fixed=(setarch -R "${fixed[@]}")
if "${fixed[@]}" "build/tests/fuzz_$name" "${words[@]}" "$found" 2>&1 |
    grep -v -e '^"' -e 'dictionary'; then
    echo "1 passed, 0 failed"
else
    echo "0 passed, 1 failed"
    exit 1
fi
