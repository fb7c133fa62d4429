#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes from kernels/include/os.list everything that follows from it.

usage: os_gen.py OS_LIST OUT_DIR [--doc FILE]

OUT_DIR/os_calls.h    prototypes of posix_NAME, one a call: all take the call's number first
OUT_DIR/os_direct.c   os_direct[512]: number -> posix_NAME
OUT_DIR/os_names.c    os_names[512]: names of calls, Linux's own for those that are not supported
OUT_DIR/os_args.h     what kind each argument has, for the random-call test
"""
import re
import sys
from dataclasses import dataclass
from pathlib import Path

SLOTS = 512
NUMBERS = {"int", "flags", "size", "offset", "address"}
RANGE = re.compile(r"^(in|out|inout)\[(\w+)(?:\*(\d+))?\](\?)?$")
UNISTD = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")


@dataclass(frozen=True)
class Arg:
    """One argument: kind is a word of NUMBERS, "path", "in", "out" or "inout"; count and unit give a range's bytes."""

    name: str
    kind: str
    count: str = ""
    unit: int = 1
    optional: bool = False


@dataclass(frozen=True)
class Call:
    number: int
    name: str
    args: tuple[Arg, ...]


class ListError(Exception):
    """os.list is not as it should be; the text names file and line."""


def parse_arg(text: str, where: str) -> Arg:
    name, _, kind = text.partition(":")
    if kind in NUMBERS or kind == "path":
        return Arg(name, kind)
    match = RANGE.match(kind)
    if not match:
        raise ListError(f"{where}: argument '{text}' is not name:kind; see the head of os.list for the kinds")
    return Arg(name, match[1], match[2], int(match[3] or 1), bool(match[4]))


def parse(path: Path) -> list[Call]:
    calls: list[Call] = []
    for at, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        where = f"{path}:{at}"
        if not words:
            continue
        if len(words) < 2 or not words[0].isdigit() or int(words[0]) >= SLOTS:
            raise ListError(f"{where}: expected a number below {SLOTS} and a name")
        args = tuple(parse_arg(word, where) for word in words[2:])
        for arg in args:
            if arg.count and not arg.count.isdigit() and arg.count not in {a.name for a in args}:
                raise ListError(f"{where}: '{arg.name}' counts by '{arg.count}', which is no argument")
        if calls and int(words[0]) <= calls[-1].number:
            raise ListError(f"{where}: numbers must go up")
        calls.append(Call(int(words[0]), words[1], args))
    return calls


def parameters(call: Call) -> str:
    return ", ".join(["OS_N"] + [f"uint64_t {arg.name}" for arg in call.args])


def make_header(calls: list[Call]) -> str:
    out = ["/* Made from os.list. */", "#ifndef TOLL_OS_CALLS_H", "#define TOLL_OS_CALLS_H", "#include <stdint.h>", "",
           f"#define OS_CALLS {SLOTS}",
           "#define OS_N uint64_t os_number __attribute__((unused))",
           "typedef int64_t os_handler(uint64_t number, ...);",
           "extern os_handler *const os_direct[OS_CALLS];",
           "extern const char *const os_names[OS_CALLS];",
           "int64_t posix_unsupported(uint64_t number);"]
    out += [f"int64_t posix_{call.name}({parameters(call)});" for call in calls]
    return "\n".join(out + ["#endif", ""])


def make_table(calls: list[Call], table: str, prefix: str) -> list[str]:
    by_number = {call.number: call.name for call in calls}
    out = [f"os_handler *const {table}[OS_CALLS] = {{"]
    for number in range(SLOTS):
        name = f"{prefix}{by_number[number]}" if number in by_number else "posix_unsupported"
        out.append(f"    [{number}] = (os_handler *){name},")
    return out + ["};", ""]


def make_names(calls: list[Call]) -> str:
    names = {call.number: call.name for call in calls}
    for match in re.finditer(r"#define __NR_(\w+) (\d+)", UNISTD.read_text() if UNISTD.exists() else ""):
        names.setdefault(int(match[2]), match[1])
    out = ["/* Made from os.list and the numbers of Linux's headers. */", '#include "os_calls.h"', "",
           "const char *const os_names[OS_CALLS] = {"]
    out += [f'    [{number}] = "{name}",' for number, name in sorted(names.items()) if number < SLOTS]
    return "\n".join(out + ["};", ""])


def make_args(calls: list[Call]) -> str:
    kinds = {"path": "OS_PATH", "in": "OS_RANGE", "out": "OS_RANGE", "inout": "OS_RANGE"}
    out = ["/* Made from os.list. */", "#ifndef TOLL_OS_ARGS_H", "#define TOLL_OS_ARGS_H", "",
           "enum os_kind { OS_NONE, OS_INT, OS_FLAGS, OS_SIZE, OS_OFFSET, OS_ADDRESS, OS_PATH, OS_RANGE };",
           "struct os_args {", "    unsigned short number;", "    const char *name;", "    unsigned char kinds[6];",
           "};", "static const struct os_args os_args[] = {"]
    for call in calls:
        listed = ", ".join(kinds.get(arg.kind, f"OS_{arg.kind.upper()}") for arg in call.args) or "OS_NONE"
        out.append(f'    {{{call.number}, "{call.name}", {{{listed}}}}},')
    return "\n".join(out + ["};", "#endif", ""])


def make_doc(calls: list[Call]) -> str:
    out = ["# System calls", "",
           "Made from `kernels/include/os.list`, where a call is added. Numbers, meanings and structures are Linux's",
           "for x86-64; every other number answers `-ENOSYS` and is named once on the console.", "",
           "| number | call | arguments |", "|---|---|---|"]
    for call in calls:
        listed = ", ".join(f"`{arg.name}` {arg.kind}" + (f" of {arg.count}" + (f" x {arg.unit}" if arg.unit > 1 else "")
                           if arg.count else "") + (" or NULL" if arg.optional else "") for arg in call.args)
        out.append(f"| {call.number} | {call.name} | {listed} |")
    return "\n".join(out + [""])


def main(argv: list[str]) -> int:
    if len(argv) not in (3, 5) or (len(argv) == 5 and argv[3] != "--doc"):
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    try:
        calls = parse(Path(argv[1]))
    except (ListError, OSError) as error:
        print(f"os_gen: {error}", file=sys.stderr)
        return 2
    out = Path(argv[2])
    out.mkdir(parents=True, exist_ok=True)
    (out / "os_calls.h").write_text(make_header(calls))
    direct = ["/* Made from os.list. */", '#include "os_calls.h"', ""] + make_table(calls, "os_direct", "posix_")
    (out / "os_direct.c").write_text("\n".join(direct))
    (out / "os_names.c").write_text(make_names(calls))
    (out / "os_args.h").write_text(make_args(calls))
    if len(argv) == 5:
        Path(argv[4]).write_text(make_doc(calls))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
