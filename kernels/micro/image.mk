# SPDX-License-Identifier: MIT
# The microkernel and its servers, each a domain of its own; the application's library holds posix.
micro.PARTS := alloc sched
micro.OBJECTS := $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/micro/*.c) kernels/micro/call.S \
	kernels/micro/ipc_fast.S) build/obj/machine/trap_stay.S.o
micro.DOMAINS := library fs blk console mem echo
micro.KEEP := boot_entry $(foreach m,program $(micro.DOMAINS),module_$(m)_start module_$(m)_end)
micro.STUB := build/obj/micro/stub.S.o
micro.MAP = kernel build/images/micro/$*.elf app build/micro/$*.app $(foreach d,$(micro.DOMAINS),$(d) build/micro/$(d).elf)

MICRO_USER := $(addprefix build/obj/user/,entry.S.o env.c.o)
micro-library.NUMBER := 0
micro-library.PARTS := alloc sched posix
micro-library.OBJECTS := $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/user/*.c kernels/micro/library/*.c) \
	kernels/user/entry.S kernels/user/switch.S) build/obj/gen/os_direct.c.o build/obj/gen/os_names.c.o
micro-library.MACHINE := build/obj/machine/trap_copy.S.o

micro-fs.NUMBER := 1
micro-fs.PARTS := fs alloc sched
micro-fs.OBJECTS := build/obj/micro/server/fs.c.o
micro-blk.NUMBER := 2
micro-blk.PARTS := blk alloc
micro-blk.OBJECTS := build/obj/micro/server/blk.c.o
micro-console.NUMBER := 3
micro-console.PARTS := console
micro-console.OBJECTS := build/obj/micro/server/console.c.o
micro-mem.NUMBER := 4
micro-mem.PARTS := pager alloc
micro-mem.OBJECTS := build/obj/micro/server/mem.c.o
micro-echo.NUMBER := 5
micro-echo.PARTS :=
micro-echo.OBJECTS := build/obj/micro/server/echo.c.o
