#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# memory.sh: toll memory on real images: how little memory the key-value store needs, and that what is found lands in
# the folder of its run, fits the schema and the README, and is shown.  Prints one line a test and "N passed, M failed".
# usage: tests/harness/memory.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"
unset TOLL_QEMU TOLL_PROBE_MS
export TOLL_ROOT=$here/../..
cd "$TOLL_ROOT"
limit=8 # MiB of the unikernel's key-value store
cells='uni:default/kv_get,uni:default/null,exo:default/kv_get,mono:default/kv_get,micro:default/kv_get'

# holds RUN: the limit, the README's row, and that one MiB less was tried, or is less than the image.
holds() {
    /usr/bin/python3 - "$1/memory.json" "$limit" << 'PYTHON'
import json, re, sys

rows = json.load(open(sys.argv[1]))["rows"]
found = {row["structure"]: row["mib"] for row in rows if row["workload"] == "kv_get"}
assert len(rows) == 5 and set(found) == {"uni", "exo", "mono", "micro"}, found
assert found["uni"] <= int(sys.argv[2]), found
readme = open("README.md").read()
heads = re.search(r"^\| operation \|.*", readme, re.M)[0].split("|")
line = re.search(r"^\|.*the store's smallest memory.*", readme, re.M)[0].split("|")
told = {head.strip(): text.strip() for head, text in zip(heads, line)}
for structure, mib in found.items():
    assert told[structure] == str(mib), f"README.md: {structure} {told[structure]} MiB, found {mib}: make memory readme"
for row in rows:
    tried = {trial["mib"]: trial["passed"] for trial in row["trials"]}
    assert row["mib"] == row["image_mib"] or tried[row["mib"] - 1] is False, row
PYTHON
}

check "patterns that select nothing are refused" run 2 memory 'uni/nothing'
check "so are two lists of them" run 2 memory uni/null mono/null
check "... and explained" err "patterns are one list"
check "so is no job" run 2 memory --jobs 0 uni/null
check "so is a run that is not there" run 2 memory --run "$scratch/none" uni/null
check "a run" run 0 run --lane exact --reps 1 -o "$scratch/run" --only "$cells"
check "its memory is found" run 0 memory --run "$scratch/run" "$cells,uni:default/web_1k"
check "... with progress, and what is left of the time" err "^\[1/5\] memory of .* MiB, [1-9] boots in .*; about [0-9]* s left"
check "... within the limit, and as the README says" holds "$scratch/run"
check "... as the schema says" /usr/bin/python3 tests/results/validate.py "$scratch/run"
check "the report shows it" run 0 report -o "$scratch/page" "$scratch/run"
check "... as a table" grep -q '^| uni | [0-9]*; its image alone |' "$scratch/page/summary.md"
check "... which is made again byte for byte" run 0 report --check -o "$scratch/page" "$scratch/run"
sed -i 's/"mib": 3,/"mib": 2,/' "$scratch/run/memory.json"
check "... and is seen to be another" run 1 report --check -o "$scratch/page" "$scratch/run"
check "an image of another run is refused" \
    sed -i 's/"uni\/kv_get": "./"uni\/kv_get": "x/' "$scratch/run/plan.json"
check "... with what to do" run 2 memory --run "$scratch/run" uni:default/kv_get
check "... and why" err "uni/kv_get was rebuilt since the run"
printf '[run]\n[structure.uni]\n[workload.kv_get]\nprogram = "kv_server"\nops = 10\nwarm = 1\n[workload.kv_get.load]\nprotocol = "http"\nrequests = ["GET /"]\n' \
    > "$scratch/never.toml"
check "what never passes is told" run 4 memory --config "$scratch/never.toml" uni/kv_get
check "... with the reason" out "^uni kv_get does not pass with 64 MiB: the clients"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
