#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# compare.sh: toll compare, toll baseline, toll report --check and the schema of results, on runs against the fake QEMU
# and copies of them with doctored samples.  Prints one line a test and "N passed, M failed".
# usage: tests/harness/compare.sh [TOLL]
set -euo pipefail

# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/lib.sh"

# slower FOLDER: a copy of the latest run in which fs takes 3 % more.
slower() {
    cp -r results/latest/. "$1"
    sed -i 's/"instructions":1000/"instructions":1018/; s/"instructions.fs":600/"instructions.fs":618/' "$1/samples.jsonl"
}
valid() { /usr/bin/python3 "$here/../results/validate.py" "$@"; }
tree
check "a run to compare with" run 0 run --lane exact --only 'uni/good,mono/good,linux/good' -o first
check "another one" run 0 run --lane exact --only 'uni/good,mono/good,linux/good'
check "its files are as results/schema says" valid results/latest
check "two equal runs compare as equal" run 0 compare first results/latest
check "... which is said" out "^worse 0, lost 0, better 0, unclear 0$"
check "... the second is the latest if none is named" run 0 compare first
slower second
check "a slower part is a regression" run 1 compare first second
check "... which is named" out "uni/good .*instructions  *100 -> 102  +1.80 (+1.80 %)  by part: fs +1.80 (60 -> 61.80)"
check "... in the sum too" out "^parts that grew: fs (4 cells"
check "... unless a gate lets it pass" run 0 compare --gate 2% first second
check "... which may be an amount" run 0 compare --gate 2instructions first second
check "... and not a smaller one" run 1 compare --gate 1% --gate 1instructions first second
check "... an unknown unit is refused" run 2 compare --gate 5ns first second
check "... with those that there are" err "there are: instructions/op"
check "... and so is no amount" run 2 compare --gate fast first second
check "... other cells may be left out" run 0 compare --only 'mono/half,uni/hang,*/good' second second
check "faster is no regression" run 0 compare second first
check "... and is shown" out "^better$"
sed -i 's/fake QEMU 0/fake QEMU 1/' second/host.json
check "another QEMU is not comparable" run 3 compare first second
check "... which is explained" err "QEMU: fake QEMU 0, then fake QEMU 1"
check "... unless told" run 1 compare --anyway first second
sed -i 's/fake QEMU 1/fake QEMU 0/' second/host.json
sed -i 's/"words":"good ops=10/"words":"good ops=11/' second/samples.jsonl
check "other work is not comparable" run 3 compare first second
check "... which is explained" out "uni/good .*the workload's arguments differ"
sed -i 's/"status":"ok"/"status":"fail"/; s/"reason":""/"reason":"broke"/' second/samples.jsonl
check "a cell that fails now is a regression" run 1 compare first second
check "... with its reason" out "uni/good .*fail: broke"
check "... and no baseline" run 1 baseline save bad second
check "... unless told" run 0 baseline save --anyway bad second
sed -i 's|toll/1|toll/9|' second/plan.json
check "another schema is not comparable" run 3 compare first second
check "... which is explained" err "second/plan.json: schema: toll/9, this toll compares toll/1"
check "a baseline is kept" run 0 baseline save good first
check "... not twice" run 2 baseline save good first
check "... unless told" run 0 baseline save --replace good first
check "... is listed" run 0 baseline list
check "... by name" out "^good$"
check "... stands for the run" run 0 compare good
check "... everywhere" run 0 show good uni/good
check "... has a plain name" run 2 baseline save ../good first
check "counts become text" run 0 baseline counts counts first
check "... one line each" grep -qx "uni	good	10	instructions.fs	600" counts/uni.tsv
check "... as results/schema says" valid counts
check "... which a run is compared with" run 0 compare counts
sed -i 's/	600$/	560/; s/instructions	1000$/instructions	960/' counts/uni.tsv
check "... count by count" run 1 compare counts
check "... and named by part" out "by part: fs +4 (56 -> 60)"
cp counts/uni.tsv kept.tsv
grep "instructions.fs" kept.tsv >> counts/uni.tsv
check "a count that is there twice is refused" run 2 compare counts
check "... by its name" err "counts/uni.tsv:[0-9]*: instructions.fs: expected each count once"
cp kept.tsv counts/uni.tsv
echo "uni good" >> counts/uni.tsv
check "a damaged line is refused" run 2 compare counts
check "... by its place" err "counts/uni.tsv:[0-9]*: expected structure, workload"
check "compare wants a run" run 2 compare
check "... and not three" run 2 compare a b c
check "what was derived can be derived again" run 0 report --no-html --check first
check "... byte for byte" out "^2 files are as they would be made now, 0 are not"
sed -i '2s/1/2/' first/results.csv
check "... and a change is seen" run 1 report --no-html --check first
check "... where it is" out "first/results.csv: differs from byte"
exec 9< first/samples.jsonl
flock 9
check "a run that grows is not compared" run 2 compare first results/latest
check "... which is explained" err "another toll is writing to first"
check "... nor resumed" run 2 run --resume first
exec 9<&-
check "... then it is" run 0 compare first results/latest

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
