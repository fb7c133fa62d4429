# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# cases.sh: what boot/run.sh and net/run.sh share: cases, each declared by a line, of which those whose names match a
# pattern run several at a time.  Whoever sources this defines
#
#       case_try NAME FOLDER     succeeds, or prints why the case failed
#       case_keep NAME FOLDER    keeps what a failed case leaves behind (called with -k)
#
# and then declares its cases, calls cases_select and ends with cases_run; jobs, keep and list are its options -j, -k, -l.

jobs=2 keep='' list=''
names=() selected=()
declare -A words_of settings_of
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# case_declare NAME WORDS [KEY=VALUE...]: WORDS begin with the program's name.
case_declare() {
    if [[ -v words_of[$1] ]]; then
        echo "two cases have the name $1" >&2
        exit 2
    fi
    names+=("$1")
    words_of[$1]=$2
    settings_of[$1]="${*:3}"
}

# setting NAME KEY [FALLBACK]
setting() {
    local word
    for word in ${settings_of[$1]}; do
        if [[ $word == "$2="* ]]; then
            echo "${word#*=}"
            return
        fi
    done
    echo "${3-}"
}

# cases_select PATTERN: those whose names match it; with -l they are printed, and that is all.
cases_select() {
    local name
    for name in "${names[@]}"; do
        [[ ! $name =~ $1 ]] || selected+=("$name")
    done
    if ((${#selected[@]} == 0)); then
        echo "no case has a name that matches $1; -l prints them" >&2
        exit 2
    fi
    if [[ $list ]]; then
        printf '%s\n' "${selected[@]}"
        exit
    fi
}

case_run() { # NAME
    local name=$1 folder=$work/$1 why
    mkdir -p "$folder"
    if why=$(case_try "$name" "$folder"); then
        echo "ok $name"
    else
        echo "FAIL $name: $why"
        [[ -z $keep ]] || case_keep "$name" "$folder"
    fi
    rm -rf "$folder"
}

# cases_run: the selected cases; one line each, and `N passed, M failed`.
cases_run() {
    local name running=0 passed=0
    for name in "${selected[@]}"; do
        if ((running == jobs)); then
            wait -n || true
            running=$((running - 1))
        fi
        case_run "$name" </dev/null >"$work/$name.result" &
        running=$((running + 1))
    done
    wait
    for name in "${selected[@]}"; do
        [[ -s $work/$name.result ]] || echo "FAIL $name: its shell ended before the case" >"$work/$name.result"
        cat "$work/$name.result"
        ! grep -q '^ok ' "$work/$name.result" || passed=$((passed + 1))
    done
    echo "$passed passed, $((${#selected[@]} - passed)) failed"
    ((passed == ${#selected[@]}))
}
