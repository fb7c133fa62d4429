#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# layers.sh: what must hold between the folders of this tree, checked by machine: who may include what, which words
# and conditionals may stand where, which symbols a part defines and uses (against its files `exports` and `needs`),
# that all structures were made of the same objects, and how files look.  Every violation is one line
#
#       FILE:LINE: RULE: what to do
#
# usage: layers.sh [RULE...]     all rules, or those named by their first word (includes, words, symbols, ...)
#
# Each rule is one test.  A rule whose tools or objects are missing is skipped, and says so.  Rules about symbols and
# manifests look at build/, so run `make images` first.
set -euo pipefail
only=("$@")
cd "$(dirname "$0")/.."
export LC_ALL=C

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=$scratch/files
passed=0 failed=0 skipped=0

# The files of the tree, without what is built, measured or made by other programs.
list_files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -type f -not -path './.git/*' -not -path './build/*' -not -path './reports/out/*' | sed 's|^\./||'
    fi | grep -vE '^(results|tests/golden/(tree|expected)|workloads/pdf/inputs)/' |
        while IFS= read -r name; do [[ ! -f $name ]] || printf '%s\n' "$name"; done | sort -u
}

# The files whose names match the first pattern and not the second.
files_like() {
    grep -E "$1" "$files" | grep -vE "${2:-^$}" || true
}

# structure_names: the folders of kernels/ that compose an image.
structure_names() {
    for makefile in kernels/*/image.mk; do
        basename "$(dirname "$makefile")"
    done
}

# composed_of NAME: that structure and the one on whose kernel it is composed, if any, as alternatives of a pattern.
composed_of() {
    local kernel
    kernel=$(sed -n "s/^$1\.KERNEL *:= *\([a-z0-9]*\).*/\1/p" "kernels/$1/image.mk")
    echo "($1${kernel:+|$kernel})"
}

skip() {
    printf 'skip: %s\n' "$1" >"$scratch/skip"
}

# rule NAME FUNCTION: runs one rule; its output is its violations.
rule() {
    [[ ${#only[@]} -eq 0 || " ${only[*]} " == *" ${1%%:*} "* ]] || return 0
    rm -f "$scratch/skip"
    "$2" >"$scratch/out" || true
    if [[ -s $scratch/out ]]; then
        cat "$scratch/out"
        printf 'FAIL %s\n' "$1"
        failed=$((failed + 1))
    elif [[ -e $scratch/skip ]]; then
        printf 'skip %s (%s)\n' "$1" "$(sed 's/^skip: //' "$scratch/skip")"
        skipped=$((skipped + 1))
    else
        printf 'ok   %s\n' "$1"
        passed=$((passed + 1))
    fi
}

# grep_rule PATTERN ADVICE FILES...: every match is a violation.
grep_rule() {
    local pattern=$1 advice=$2
    shift 2
    [[ $# -gt 0 ]] || return 0
    grep -HnIE -- "$pattern" "$@" | awk -v advice="$advice" -F: '{
        text = $0; sub(/^[^:]*:[^:]*:[ \t]*/, "", text)
        printf "%s:%s: %s  [%.60s]\n", $1, $2, advice, text }' || true
}

# ---- what a file may include ----

# may FOLDER_PATTERN ALLOWED_PATTERN: quoted includes that files of a folder may have, besides headers beside them.
include_rules() {
    local seams name
    seams="($(basename -s .h kernels/include/*.h | paste -sd'|')|os_calls)\\.h"
    local free='^<(stdarg|stdbool|stddef|stdint|limits)\.h>$'
    printf '%s\n' "kernels/base/ ^\"base/ $free the base uses nothing but itself"
    printf '%s\n' "kernels/include/ ^\"(base/.*|$seams)\"$ $free a contract uses other contracts and the base only"
    printf '%s\n' "kernels/machine/ ^\"(base/.*|machine/.*|$seams)\"$ $free the machine uses the base and the contracts"
    printf '%s\n' "kernels/bookless/ ^\"($seams)\"$ $free what takes the machine's place uses the contracts"
    printf '%s\n' "kernels/parts/net/ ^\"(base/.*|(lwip|netif)/.*|net_[a-z]*\\.h|$seams)\"$ ^<(stdarg|stdbool|stddef|stdint|limits|string|stdlib)\.h>$ a part uses contracts and the base, and this one lwIP"
    printf '%s\n' "kernels/parts/ ^\"(base/.*|machine/(virtio|bus|serial)\\.h|$seams)\"$ $free a part uses contracts, the base and machine/{virtio,bus,serial}.h; move what it needs into a contract"
    printf '%s\n' "kernels/user/ ^\"(base/.*|machine/.*|user/.*|$seams)\"$ $free what domains in ring 3 share uses the machine, the base and the contracts"
    structure_names | while IFS= read -r name; do
        printf '%s\n' "kernels/$name/ ^\"(base/.*|machine/.*|user/.*|$(composed_of "$name")/.*|$seams)\"$ $free a structure uses no part's private header, and another structure only whose kernel it names in image.mk ($name.KERNEL)"
    done
    printf '%s\n' "kernels/host/ ^\"(base/.*|$seams)\"$ ^< the host home uses the base and the contracts"
    printf '%s\n' "kernels/linux/ ^\"(\\.\\./include/)?wire\\.h\"$ ^< the baseline shares wire.h only"
    printf '%s\n' "workloads/ ^\"(toll|toll_serve|toll_buffer|toll_usage|wire|toll_hash|(pdf|kv|web|db)/[a-z_]*)\\.h\"$ ^< a workload is a POSIX program: the C library, zlib, toll.h, wire.h"
    printf '%s\n' "harness/deps/ . ^< -"
    printf '%s\n' "harness/ ^\"(plugin/[a-z_]*\\.h|(\\.\\./)*(kernels/include/)?wire\\.h)\"$ ^< the harness shares wire.h only with the guest"
}

check_includes() {
    include_rules >"$scratch/rules"
    # shellcheck disable=SC2046 # names have no blanks
    awk -v rules="$scratch/rules" '
        BEGIN {
            while ((getline line < rules) > 0) {
                split(line, w, " ")
                n++; folder[n] = w[1]; quoted[n] = w[2]; angled[n] = w[3]
                advice[n] = substr(line, length(w[1] w[2] w[3]) + 4)
            }
        }
        FNR == 1 {
            mine = 0
            for (i = 1; i <= n && !mine; i++) if (index(FILENAME, folder[i]) == 1) mine = i
            dir = FILENAME; sub(/[^\/]*$/, "", dir)
        }
        mine && match($0, /^[ \t]*#[ \t]*include[ \t]*["<][^">]*[">]/) {
            what = substr($0, RSTART, RLENGTH); sub(/^[^"<]*/, "", what)
            if (what ~ /^</) { if (what ~ angled[mine]) next }
            else if (what ~ quoted[mine]) next
            else if (what !~ /\//) {
                own = dir substr(what, 2, length(what) - 2)
                if ((getline line < own) >= 0) { close(own); next }
            }
            printf "%s:%d: includes: %s is not for this folder: %s\n", FILENAME, FNR, what, advice[mine]
        }' $(files_like '^(kernels|harness|workloads)/.*\.(c|h|S|inc|cpp)$')
}

# ---- words and conditionals ----

check_words() {
    local names
    names=$(files_like '^(kernels/(parts|base)|workloads)/' '\.(md|pdf|png)$')
    # shellcheck disable=SC2086 # names have no blanks
    grep -HnIwiE 'mono|micro|exo|uni' $names | awk -F: '{
        printf "%s:%s: words: code that is shared knows no structure: say what is needed of the home instead\n",
               $1, $2 }' || true
}

# Only include guards, __ASSEMBLER__ and feature-test macros of the C library are conditions in shared code.
check_conditionals() {
    # shellcheck disable=SC2046
    awk '/^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)/ {
            if ($0 ~ /__ASSEMBLER__$/ || $0 ~ /ifndef _GNU_SOURCE$/) next
            if (FILENAME ~ /\.h$/ && $0 ~ /^#ifndef [A-Z0-9_]+_H$/) next
            printf "%s:%d: conditionals: shared code is compiled once, one way: make it two files, and let image.mk choose\n",
                   FILENAME, FNR
        }' $(files_like '^(kernels/(parts|base|machine|include)|workloads)/.*\.(c|h|S|inc|ld)$')
    local structure pattern
    pattern=$(structure_names | tr '[:lower:]' '[:upper:]' | paste -sd'|')
    for structure in $(structure_names); do
        # shellcheck disable=SC2046
        grep_rule "^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif).*\\b($pattern)\\b" \
            "conditionals: no condition chooses a structure" \
            $(files_like "^kernels/$structure/.*\\.(c|h|S)$")
    done
}

# ---- symbols ----

list_of() {
    sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$1"
}

line_of() {
    grep -nx -- "$2" "$1" | head -1 | cut -d: -f1
}

# Everything that some part, the base, the machine's seam headers or a home offers.
offered_symbols() {
    local exports
    for exports in kernels/parts/*/exports; do
        list_of "$exports"
    done
    nm build/parts/base.o | awk '$2 ~ /^[A-TV-Z]$/ { print $3 }'
    cat kernels/machine/{virtio,bus,serial}.h | grep -oE '\b(virtio|bus|serial)_[a-z0-9_]+\(' | tr -d '('
    cat kernels/include/*.h kernels/base/*.h | grep -oE '\benv_[a-z0-9_]+\(' | tr -d '('
    grep -oE '\bos_(direct|checked|names)\b' build/gen/os_calls.h
}

symbols_of_part() {
    local object=build/parts/$1.o folder=kernels/parts/$1 name
    nm "$object" | awk '$2 ~ /^[A-TV-Z]$/ { print $3 }' | sort >"$scratch/defined"
    # the linker resolves references through its table by itself
    nm -u "$object" | awk '$2 != "_GLOBAL_OFFSET_TABLE_" { print $2 }' | sort >"$scratch/undefined"
    list_of "$folder/exports" | sort >"$scratch/exports"
    list_of "$folder/needs" | sort >"$scratch/needs"
    comm -13 "$scratch/defined" "$scratch/exports" | while IFS= read -r name; do
        echo "$folder/exports:$(line_of "$folder/exports" "$name"): exports: $name is not defined by the part: remove the line"
    done
    comm -23 "$scratch/defined" "$scratch/exports" | while IFS= read -r name; do
        echo "$folder/exports:1: exports: $name is visible outside the part: make it static, or export it"
    done
    comm -23 "$scratch/undefined" "$scratch/needs" | while IFS= read -r name; do
        echo "$folder/needs:1: needs: $name is used and not listed: list it, or do without"
    done
    comm -13 "$scratch/undefined" "$scratch/needs" | while IFS= read -r name; do
        echo "$folder/needs:$(line_of "$folder/needs" "$name"): needs: $name is listed and not used: remove the line"
    done
    comm -23 "$scratch/needs" "$scratch/offered" | while IFS= read -r name; do
        echo "$folder/needs:$(line_of "$folder/needs" "$name"): needs: nobody offers $name: no part's exports, no seam header"
    done
    uniq -d "$scratch/exports" "$scratch/twice"
    uniq -d "$scratch/needs" >>"$scratch/twice"
    sed "s|^|$folder/exports:1: symbols: listed twice: |" "$scratch/twice"
}

check_symbols() {
    local folder name
    if [[ ! -e build/parts/base.o ]]; then
        skip "build/parts is empty: run make images"
        return
    fi
    offered_symbols | sort -u >"$scratch/offered"
    for folder in kernels/parts/*/; do
        name=$(basename "$folder")
        if [[ ! -e build/parts/$name.o ]]; then
            echo "kernels/parts/$name:1: symbols: build/parts/$name.o is missing: run make images"
        elif [[ ! -e ${folder}exports || ! -e ${folder}needs ]]; then
            echo "kernels/parts/$name:1: symbols: a part has a file exports and a file needs"
        else
            symbols_of_part "$name"
        fi
    done
}

# Within a group (lines between comments) of a `needs` file, symbols go up.
check_sorted() {
    awk 'FNR == 1 || /^#/ { last = "" }
        /^[a-z]/ && $1 <= last { printf "%s:%d: sorted: %s comes before %s\n", FILENAME, FNR, $1, last }
        /^[a-z]/ { last = $1 }' kernels/parts/*/needs
}

# ---- the same objects everywhere ----

# One line "kind name hash manifest" for every object of every manifest that is not older than the objects.
manifest_lines() {
    local manifest own
    for manifest in build/images/*/*.json build/images/*/*/*.json; do
        own=build/workloads/$(basename "$manifest" .json).o
        [[ -z $(find build/parts/*.o "build/parts/$(basename "$(dirname "$manifest")")" build/workloads/toll.o "$own" \
            -type f -newer "$manifest" -print -quit 2>/dev/null) ]] || continue
        tr -d ' \n' <"$manifest" | sed 's/.*"objects":{\([^}]*\)}.*/\1/' | tr ',' '\n' | tr -d '"' |
            awk -F: -v m="$manifest" '$1 != "workload" && $1 != "libc" { print $1, $2, m }'
        tr -d ' \n' <"$manifest" | sed 's/.*"workload":"\([a-z0-9_]*\)".*"workload_sha256":"\([0-9a-f]*\)".*/\1 \2/' |
            awk -v m="$manifest" '{ print "workload:" $1, $2, m }'
    done
}

check_manifests() {
    if ! compgen -G 'build/images/*/*.json' >/dev/null; then
        skip "no images: run make images"
        return
    fi
    manifest_lines | sort >"$scratch/objects"
    [[ -s $scratch/objects ]] || skip "all manifests are older than the objects: run make images"
    awk '{ if ($1 in hash && hash[$1] != $2)
               printf "%s:1: manifests: %s is another object than in %s: parts and workloads are compiled once, with one set of flags; run make images, then look for flags that a structure sets\n", $3, $1, from[$1]
           else { hash[$1] = $2; from[$1] = $3 } }' "$scratch/objects"
}

# ---- how files look ----

check_spdx() {
    local name
    files_like '(\.(c|h|S|inc|cpp|sh|py|mk|ld|toml)|^Makefile|/Makefile|\.ci/run)$' | while IFS= read -r name; do
        head -4 "$name" | grep -vE -m1 '^#!|^# shellcheck ' | grep -q 'SPDX-License-Identifier: MIT' ||
            echo "$name:1: spdx: the first line (after #! or a shellcheck directive) is SPDX-License-Identifier: MIT"
    done
}

check_size() {
    # shellcheck disable=SC2046
    wc -l $(files_like '\.(c|h|S|inc|cpp|sh|py|mk)$') |
        awk '$2 != "total" && $1 > 600 { printf "%s:601: size: %d lines: split it by what it does\n", $2, $1 }'
}

# Text that belongs into CAVEATS.md, the commit or nowhere.
check_text() {
    # shellcheck disable=SC2046
    set -- $(files_like . '(^LICENSE$|^tests/layers|\.(pdf|png|svg)$)')
    grep_rule '\b(TO[D]O|FIX[M]E|XX[X])\b' 'text: limits go to CAVEATS.md, plans nowhere' "$@"
    grep_rule '(^|[^A-Za-z0-9_.$}])/(work|root|home)/' 'text: no paths of one machine' "$@"
    grep_rule '["'\''[:space:]=(]/tmp/[A-Za-z0-9_]*[A-Za-z0-9_/]$' 'text: no paths of one machine: use mktemp' "$@"
    grep_rule '\b(deb|security|ftp|snapshot)[a-z.]*\.debian\.org|pypi\.org|crates\.io|registry\.npmjs' \
        'text: no names of servers: ask the package manager' "$@"
    grep_rule '^[[:space:]]*(/?\*|//|#[[:space:]]).*\b(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}\b' \
        'text: no dates in comments: the history has them' "$@"
    grep_rule '^[[:space:]]*(/?\*|//|#[[:space:]])[[:space:]]*(@author|Authors?:|Copyright)' 'text: no authors: the history has them' "$@"
    grep_rule '\b[Ii]ssue #?[0-9]+' 'text: no issue numbers in files' "$@"
}

# A C file says at its top what it is.
check_heads() {
    # shellcheck disable=SC2046
    awk 'FNR == 2 && !/^\/[\/*]/ {
            printf "%s:2: heads: after the SPDX line comes a comment: what the file does, in which layer\n", FILENAME
        }' $(files_like '^(kernels|harness|workloads|tests)/.*\.(c|h|S|cpp)$')
}

check_bash() {
    local name
    for name in $(files_like '\.sh$'); do
        head -1 "$name" | grep -q '^#!.*bash' || continue
        grep -q '^set -euo pipefail' "$name" || echo "$name:2: bash: set -euo pipefail is missing"
    done
}

check_format() {
    local tool
    tool=$(command -v clang-format-14 || command -v clang-format || true)
    if [[ -z $tool ]]; then
        skip "clang-format-14 is not installed"
        return
    fi
    files_like '^(kernels|harness|workloads|tests)/.*\.(c|h|cpp)$' | xargs "$tool" --dry-run -Werror 2>&1 |
        awk -F: '/error:/ && !($1 in seen) { seen[$1]; printf "%s:%s: format: run clang-format-14 -i %s\n", $1, $2, $1 }'
}

check_shell() {
    if ! command -v shellcheck >/dev/null; then
        skip "shellcheck is not installed"
        return
    fi
    # SC2317 takes functions that a trap or a variable calls for dead code.
    # shellcheck disable=SC2046
    shellcheck -f gcc -e SC2317 $(files_like '(\.sh|^\.ci/run)$') |
        sed -E 's/^([^:]*:[0-9]+):[0-9]+: [a-z]+: /\1: shellcheck: /' || true
}

check_python() {
    local folder base
    if ! command -v mypy >/dev/null; then
        skip "mypy is not installed"
        return
    fi
    files_like '\.py$' | xargs -n1 dirname | sort -u | while IFS= read -r folder; do
        # One run a folder: scripts of one name in two folders are not one module.
        base=$folder
        while [[ -e $base/__init__.py ]]; do
            base=$(dirname "$base")
        done
        # shellcheck disable=SC2046
        MYPYPATH=$base mypy --no-error-summary --ignore-missing-imports --explicit-package-bases \
            --cache-dir build/mypy --disallow-untyped-defs $(files_like "^$folder/[^/]*\\.py$") 2>&1 |
            grep -E ': error:' | sed -E 's/: error: /: mypy: /' || true
    done
}

list_files >"$files"
rule "includes: each folder includes only what it may" check_includes
rule "words: shared code names no structure" check_words
rule "conditionals: none chooses a structure" check_conditionals
rule "symbols: parts define their exports and use their needs" check_symbols
rule "sorted: needs" check_sorted
rule "manifests: one object for all structures" check_manifests
rule "spdx: licence line first" check_spdx
rule "heads: every C file says what it is" check_heads
rule "size: at most 600 lines" check_size
rule "text: no notes, dates, authors, machine paths" check_text
rule "bash: strict mode" check_bash
rule "format: clang-format" check_format
rule "shell: shellcheck" check_shell
rule "python: mypy" check_python
[[ $skipped -eq 0 ]] || printf '%d skipped, ' "$skipped"
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
