#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# broken.sh: what toll does where its surroundings are broken: files of a run that were damaged, a QEMU that cannot count
# or dies, closed descriptors, a stale folder.  Each is a clear error, and nothing that was measured is lost.  Prints one
# line a test and "N passed, M failed".
# usage: tests/harness/broken.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

# damaged FILE TEXT: a copy of the run in which the file holds only the text.
damaged() {
    rm -rf spoiled
    cp -r kept spoiled
    printf '%s' "$2" > "spoiled/$1"
}

# other_qemu TEXT: a QEMU that is a shell script.
other_qemu() {
    # shellcheck disable=SC2016  # $1 is the script's
    printf '#!/bin/sh\n[ "$1" = --version ] && echo "other QEMU" && exit\n%s\n' "$1" > other
    chmod +x other
    export TOLL_QEMU=$PWD/other
}

# good FOLDER: each of its samples can be read.
good() { run 0 report --no-html "$1" && [ "$(wc -l < "$1/samples.jsonl")" -eq 2 ]; }

tree
fake=$TOLL_QEMU
cells='uni/good,mono/good'
check "a run to damage" run 0 run --lane exact --only "$cells" -o kept
for file in plan.json host.json; do
    for text in '' '[]' '5' '{' '{"cells":5}'; do
        [ "$file$text" = 'host.json{"cells":5}' ] && continue
        damaged "$file" "$text"
        check "$file with '$text' is refused" run 2 report --no-html spoiled
        check "... by its name" err "$file"
        check "... and not compared" run 2 compare kept spoiled
        check "... nor kept as a baseline" run 2 baseline save --anyway damaged spoiled
        check "... nor gone on with" run 2 run --resume spoiled
    done
done
damaged host.json '{}'
check "a host of which nothing is known is another one" run 3 compare kept spoiled
check "... which is said" err "the compiler: .*, then unknown"
damaged samples.jsonl "$(head -n 1 kept/samples.jsonl)
$(tail -n 1 kept/samples.jsonl | sed 's/"instructions":1000/"instructions":"1000"/')
"
check "a number that became a text is refused" run 2 compare kept spoiled
check "... by line and name" err "samples.jsonl:2: expected a sample .*metrics.instructions: expected a whole number"
rm -rf stale && mkdir stale && head -n 1 kept/samples.jsonl > stale/samples.jsonl
check "samples without a plan are not added to" run 2 run --lane exact --only "$cells" -o stale
check "... and stay as they were" test "$(wc -l < stale/samples.jsonl)" -eq 1

# What was asked for, changed by somebody: a run that goes on does not do something else.
# asked NAME TEXT: a copy of the run whose plan asks for that.
asked() {
    damaged plan.json "$(/usr/bin/python3 -c 'import json, sys
plan = json.load(open("kept/plan.json"))
plan["options"][sys.argv[1]] = json.loads(sys.argv[2])
print(json.dumps(plan))' "$1" "$2")"
}
for change in 'repetitions -1' 'repetitions 4000000000' 'repetitions "1"' 'lanes 0' 'lanes 99' 'timeout_s -7' 'only "uni/good"' \
    'only [5]' 'only ["uni"]' 'model 5'; do
    asked "${change%% *}" "${change#* }"
    check "a run that asks for $change does not go on" run 2 run --resume spoiled
    check "... which is said" err "spoiled/plan.json: options.${change%% *}: expected what the run was asked for"
done
asked repetitions 1
check "... but one does that asks for what it may" run 0 run --resume spoiled

# The latest run is one that has begun.
tree
check "a run that is the latest" run 0 run --lane exact --only "$cells"
latest=$(readlink results/latest)
echo '{"workload_sha256":"1","objects":{"fs":"1"}}' > build/images/uni/good.json
echo '{"workload_sha256":"1","objects":{"fs":"2"}}' > build/images/mono/good.json
check "one whose images have other parts does not begin" run 1 run --lane exact --only "$cells"
check "... and the latest is the one before" test "$(readlink results/latest)" = "$latest"
rm build/images/*/good.json
check "a folder with a slash behind it gives no slash to the name" run 0 run --lane exact --only "$cells" -o named/
check "... of its samples" grep -q '"run":"named"' named/samples.jsonl

# Names and texts of the user's.
printf '[run]\nmachine = "\\u001b[31m"\n' > red.toml
check "what would act on a terminal does not get there" run 2 list --config red.toml
check "... but is shown" err 'found the text "?\[31m"'
mkdir -p workloads/pdf/inputs mine && echo 1 > workloads/pdf/inputs/a.pdf && echo 2 > mine/a.pdf
sed 's|^\[workload.good\]|&\nfiles = ["mine/a.pdf"]|' bench.toml > hides.toml
check "a file that would hide one of the disk's is refused" run 2 run --lane exact --only "$cells" --config hides.toml
check "... with what to do" err "mine/a.pdf has the name of a file of workloads/pdf/inputs/.*rename it"
sed -i 's|mine/a.pdf|./workloads/pdf/inputs/a.pdf|' hides.toml
check "... but not the same file" run 0 run --lane exact --only "$cells" --config hides.toml
for name in ../evil a/b '' .x -x 'a"b'; do
    check "a profile is not called '$name'" run 2 calibrate --native --name="$name"
    check "... which is said" err "expected a name of up to 64 letters"
done
check "... and none was written" test ! -e build/profiles

# What a QEMU does that is not one, or cannot count.
tree
other_qemu 'echo "other: -plugin: invalid option" >&2; exit 1'
check "a QEMU without plugins is the host's fault" run 3 run --lane exact --only "$cells"
check "... with what to do" err "this QEMU cannot count (other: -plugin: invalid option).*built with plugins.*TOLL_QEMU"
check "... said once" test "$(grep -c 'cannot count' "$scratch/err")" -eq 1
# shellcheck disable=SC2016  # $$ is the script's
other_qemu 'kill -SEGV $$'
check "a QEMU that crashes is a guest that failed" run 4 run --lane exact --only "$cells"
check "... with the signal" err "QEMU died by signal 11"
other_qemu 'head -c 100000 /dev/urandom; head -c 100000 /dev/urandom >&2; exit 33'
check "one that babbles too" run 4 run --lane exact --only "$cells"
export TOLL_QEMU=/
check "one that is a folder is the host's fault" run 3 run --lane exact --only "$cells"
export TOLL_QEMU=$fake
check "no place for temporary files is the host's fault" env TMPDIR=/nonexistent bash -c \
    "'$toll' run --lane exact --only '$cells' > '$scratch/out' 2> '$scratch/err'; [ \$? -eq 3 ]"
check "... by its name" err "cannot create the folder /nonexistent/"

# Descriptors.
tree
"$toll" run --lane exact --only "$cells" -o quiet 2>&- > "$scratch/out" || true
check "nothing is written into a run whose standard error is closed" good quiet
"$toll" run --lane exact --only "$cells" -o silent < /dev/null >&- 2>&- || true
check "... or whose standard output is" good silent
# shellcheck disable=SC2016  # they are the script's
other_qemu 'readlink /proc/$$/fd/* >> '"$PWD"'/descriptors; exec '"$fake"' "$@"'
# Python closes what this shell itself was given.
check "a run whose QEMU tells its descriptors" /usr/bin/python3 -c \
    'import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)' "$toll" run --lane exact --only "$cells" -j 1
check "it got the standard ones" grep -q 'messages$' descriptors
check "... and none of toll's" bash -c "! grep -vE '^/dev/null$|messages$|^/proc/|/other$|/descriptors$' descriptors"
check "... nor more of /dev/null than two for each guest" test "$(grep -c "^/dev/null\$" descriptors)" -le 4

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
