# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # work, words_of: tests/cases.sh
#
# checks.sh: what a case of run.sh may want beyond the records (its setting check=).  Each is called with the case's
# folder, which has the serial output and the disk, and succeeds or says what is wrong.

# The transcript that a program wrote as its output.
transcript() { # SERIAL
    sed -n 's/^TOLL1 o //p' "$1" | /usr/bin/python3 -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}

# What the suite writes on Linux, as this machine's own process.
reference_make() {
    local folder=$work/reference words
    mkdir -p "$folder"/{processes=0,processes=1,sockets=1,inherited=1}
    gcc -std=gnu17 -O1 -w -iquote kernels/include -iquote workloads -iquote tests/guest -o "$folder/suite" \
        tests/guest/posix_suite.c tests/guest/posix_suite/*.c workloads/toll.c -lpthread
    for words in processes=0 processes=1 sockets=1 inherited=1; do
        timeout "$timeout_s" "$folder/suite" dir="$folder/$words" $words </dev/null >"$folder/serial" \
            3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
        transcript "$folder/serial" >"$folder/transcript-$words"
    done
}

like_linux() { # FOLDER
    transcript "$1/serial" | diff - "$work/reference/transcript-${words_of[${1##*/}]#* }" >"$1/diff" || {
        echo "not as on Linux: $(grep -m 2 '^[<>]' "$1/diff" | tr '\n' ' ')"
        return 1
    }
}

# The program was ended by a signal, and the disk is clean.
ended_by() { # FOLDER SIGNAL
    tr -d '\r' <"$1/serial" | grep -q "^TOLL1 exit $2\$" || {
        echo "not ended by signal $2, but: $(tail -n 1 "$1/serial")"
        return 1
    }
    e2fsck -fn "$1/disk" >"$1/fsck" 2>&1 || {
        echo "e2fsck: $(tail -n 1 "$1/fsck")"
        return 1
    }
}
ended_by_trap() { ended_by "$1" 5; }
ended_by_segv() { ended_by "$1" 11; }

exited() { # FOLDER
    tr -d '\r' <"$1/serial" | grep -q '^TOLL1 exit 0$' || {
        echo "not ended by itself: $(tail -n 1 "$1/serial")"
        return 1
    }
}

# A byte for the serial line, a while after the program waits for it.
input_send() { # FOLDER
    for ((i = 0; i < 20 * timeout_s; i++)); do
        ! grep -qs '^waiting for input' "$1/serial" || break
        sleep 0.05
    done
    sleep 1
    printf x
}

# An NMI, once the program runs: nobody expects one, so the kernel gives up and says where it was.
nmi_send() { # FOLDER
    /usr/bin/python3 - "$1" "$timeout_s" <<'EOF'
import contextlib
import socket
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
for _ in range(20 * int(sys.argv[2])):
    serial = folder / "serial"
    if serial.exists() and b"TOLL1 main" in serial.read_bytes() and (folder / "monitor").exists():
        with socket.socket(socket.AF_UNIX) as monitor, contextlib.suppress(ConnectionResetError):
            monitor.connect(str(folder / "monitor"))
            monitor.sendall(b"nmi\n")
            while monitor.recv(4096):  # until QEMU ends: it drops the command if the line is closed too early
                pass
        break
    time.sleep(0.05)
EOF
}

tables_as_wanted() { # FOLDER
    wait
    grep -qx 'as wanted' "$1/tables" || {
        tail -n 1 "$1/tables"
        return 1
    }
}

# Every address of the backtrace (or the first N) lies in a function of the image's map, and there is at least one.
backtrace_known() { # FOLDER MAP [N]
    grep -q '^TOLL1 panic' "$1/serial" || {
        echo "no panic was reported"
        return 1
    }
    grep '^TOLL1 bt' "$1/serial" | tr -d '\r' | /usr/bin/python3 -c '
import sys
functions = [(int(w[1], 16), int(w[2], 16)) for w in (line.split() for line in open(sys.argv[1])) if w[0] == "symbol"]
frames = [int(line.split()[2], 16) for line in sys.stdin][: int(sys.argv[2])]
unknown = [hex(f) for f in frames if not any(a <= f < a + max(n, 256) for a, n in functions)]
if not frames or unknown:
    sys.exit("no function of the map has the frames " + " ".join(unknown) if frames else "no backtrace")
' "$2" "${3:-100}" 2>&1
}
backtrace_known_exo() { backtrace_known "$1" build/images/exo/call_null.map; }
backtrace_known_micro() { backtrace_known "$1" build/images/micro/call_null.map 1; } # assembly has no frames
backtrace_known_micro1() { backtrace_known "$1" build/images/micro1/call_null.map 1; }
backtrace_known_mono() { backtrace_known "$1" build/images/mono/call_null.map; }
backtrace_known_uni() { backtrace_known "$1" build/images/uni/call_null.map; }

# Processes end, but not servers.  A hostile process may have written part of a line before.
hostile_ended() { # FOLDER
    grep -qa -e 'TOLL1 exit' "$1/serial" || {
        echo "the machine did not end"
        return 1
    }
    if grep -a -e 'is ended by' "$1/serial" | grep -va -e 'process library ' -e 'environment 0 '; then
        return 1
    fi
}

# Every domain has tried, the network's two too if they are there, and only the one that was to perish did.
intruders_ended() { # FOLDER
    [[ $(grep -c '^TOLL1 value failures_[0-7] attempts 0' "$1/serial") == [68] ]] || {
        echo "not all domains came to their end"
        return 1
    }
    [[ $(grep 'is ended by' "$1/serial" | cut -d ' ' -f 1-6) == 'process echo is ended by exception' ]] || {
        grep 'is ended by' "$1/serial" || echo "nobody perished"
        return 1
    }
}

disk_clean() { # FOLDER
    e2fsck -fn "$1/disk" >"$1/fsck" 2>&1 || {
        echo "e2fsck: $(grep -v -e '^Pass' -e '^$' -e '^e2fsck' "$1/fsck" | head -n 2 | tr '\n' ' ')"
        return 1
    }
}

# Each half of the disk (1, 2) is a clean file system.
half_clean() { # FOLDER HALF
    local sectors
    sectors=$(($(stat -c %s "$1/disk") / 1024))
    dd if="$1/disk" of="$1/half" bs=512 count=$sectors skip=$((sectors * ($2 - 1))) status=none
    e2fsck -fn "$1/half" >"$1/fsck" 2>&1 || {
        echo "half $2 of the disk: $(grep -v -e '^Pass' -e '^$' -e '^e2fsck' "$1/fsck" | head -n 2 | tr '\n' ' ')"
        return 1
    }
}
twins_clean() { # FOLDER
    half_clean "$1" 1 && half_clean "$1" 2 && [[ $(grep -c '^TOLL1 done [a-z_]* ok' "$1/serial") == 2 ]]
}
second_clean() { # FOLDER: the first one is hostile
    half_clean "$1" 2 && grep -qa '^TOLL1 done fuzz_kernel ok' "$1/serial"
}

# Two that have tried, and whose frames and sectors are not the same.
neighbours_apart() { # FOLDER
    twins_clean "$1" && tr -d '\r' <"$1/serial" | /usr/bin/python3 -c '
import sys
values = {}
for words in (line.split() for line in sys.stdin if line.startswith("TOLL1 value")):
    values.setdefault(words[2], []).append(int(words[4]))
for kind in "ram", "extent":
    (a, b), (na, nb) = values[kind + "_first"], values[kind]
    if not (a + na <= b or b + nb <= a) or not na or not nb:
        sys.exit(f"both have {kind} from {a} and {b} on, {na} and {nb}")
' 2>&1
}

no_disk_said() { # FOLDER
    grep -q 'the disk has no file system' "$1/serial" || {
        echo "the console does not say that the disk has no file system"
        return 1
    }
}

# Lines of two applications side by side, each written in parts.
lines_whole() { # FOLDER
    [[ $(tr -d '\r' <"$1/serial" | grep -cxE 'a{399}|b{399}') == 400 ]] || {
        echo "lines are mixed"
        return 1
    }
}

# What the kernel gave was given back at the end, and every application said that it was well.
none_leaked() { # FOLDER
    grep -q '^TOLL1 value frames_leaked frames 0' "$1/serial" || {
        echo "frames: $(grep 'frames_leaked' "$1/serial" || echo 'not counted')"
        return 1
    }
    ! grep '^TOLL1 done .* fail' "$1/serial"
}
