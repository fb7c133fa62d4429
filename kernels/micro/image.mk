# SPDX-License-Identifier: MIT
# The microkernel and its servers, each a domain of its own; the application's library holds posix.
micro.PARTS := alloc sched
micro.OBJECTS := $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/micro/*.c) kernels/micro/call.S \
	kernels/micro/ipc_fast.S) build/obj/machine/trap_stay.S.o
micro.DOMAINS := library fs blk console mem echo nic net
micro.KEEP := boot_entry $(foreach m,program $(micro.DOMAINS),module_$(m)_start module_$(m)_end)
micro.STUB := build/obj/micro/stub.S.o
micro.MAP = kernel build/images/micro/$*.elf app build/micro/$*.app $(foreach d,$(micro.DOMAINS),$(d) build/micro/$(d).elf)

# What all domains have: their start, clock and log; what servers add to that.
MICRO_USER := $(addprefix build/obj/,user/start.S.o user/env.c.o micro/client/client.c.o)
MICRO_SERVER := $(MICRO_USER) $(addprefix build/obj/micro/server/,server.c.o copy.c.o)
MICRO_MACHINE := build/obj/machine/trap_copy.S.o

micro-library.NUMBER := 0
micro-library.PARTS := alloc sched posix
micro-library.OBJECTS := $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/user/*.c kernels/micro/library/*.c) \
	kernels/user/entry.S kernels/user/start.S kernels/user/switch.S) $(addprefix build/obj/micro/client/,client.c.o fs.c.o) \
	build/obj/gen/os_direct.c.o build/obj/gen/os_names.c.o
micro-library.MACHINE := $(addprefix build/obj/machine/,trap_copy.S.o trap_kind.c.o cpu_fpu.c.o)

micro-fs.NUMBER := 1
micro-fs.PARTS := fs alloc sched
micro-fs.OBJECTS := $(MICRO_SERVER) $(addprefix build/obj/micro/server/,fs.c.o fs_main.c.o disk.c.o)
micro-fs.MACHINE := $(MICRO_MACHINE)

micro-blk.NUMBER := 2
micro-blk.PARTS := blk alloc sched
micro-blk.OBJECTS := $(MICRO_SERVER) $(addprefix build/obj/micro/server/,blk.c.o bus.c.o)
micro-blk.MACHINE := $(MICRO_MACHINE) $(addprefix build/obj/machine/virtio,.c.o _mmio.c.o _pci.c.o _queue.c.o) \
	build/obj/machine/bus_bar.c.o

micro-console.NUMBER := 3
micro-console.PARTS := console alloc sched
micro-console.OBJECTS := $(MICRO_SERVER) $(addprefix build/obj/micro/server/,console.c.o port.c.o)
micro-console.MACHINE := $(MICRO_MACHINE) build/obj/machine/serial.c.o

micro-mem.NUMBER := 4
micro-mem.PARTS := pager alloc sched
micro-mem.OBJECTS := $(MICRO_USER) $(addprefix build/obj/micro/,client/fs.c.o server/server.c.o server/mem.c.o server/table.c.o)
micro-mem.MACHINE := $(MICRO_MACHINE)

micro-echo.NUMBER := 5
micro-echo.PARTS := alloc sched
micro-echo.OBJECTS := $(MICRO_SERVER) build/obj/micro/server/echo.c.o
micro-echo.MACHINE := $(MICRO_MACHINE)

micro-nic.NUMBER := 7
micro-nic.PARTS := nic alloc sched
micro-nic.OBJECTS := $(MICRO_USER) $(addprefix build/obj/micro/server/,server.c.o nic.c.o bus.c.o)
micro-nic.MACHINE := $(micro-blk.MACHINE)

micro-net.NUMBER := 6
micro-net.PARTS := net alloc sched
micro-net.OBJECTS := $(MICRO_SERVER) $(addprefix build/obj/micro/server/,net.c.o frames.c.o)
micro-net.MACHINE := $(MICRO_MACHINE)
$(foreach d,$(micro.DOMAINS),$(micro-$(d).OBJECTS)): $(wildcard kernels/user/*.h kernels/micro/*.h kernels/micro/*/*.h)
$(micro.OBJECTS): $(wildcard kernels/micro/*.h)
