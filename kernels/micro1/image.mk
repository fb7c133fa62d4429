# SPDX-License-Identifier: MIT
# The microkernel again, with one server that holds every part: what is in ring 0 is the same.
micro1.KERNEL := micro
micro1.PARTS := alloc sched
micro1.OBJECTS := $(filter-out build/obj/micro/compose.c.o,$(micro.OBJECTS)) build/obj/micro1/compose.c.o
micro1.DOMAINS := program_side system
micro1.KEEP := boot_entry $(foreach m,program $(micro1.DOMAINS),module_$(m)_start module_$(m)_end)
micro1.STUB := build/obj/micro/stub.S.o
micro1.MAP = kernel build/images/micro1/$*.elf app build/micro1/$*.app $(foreach d,$(micro1.DOMAINS),$(d) build/micro1/$(d).elf)

micro1-program_side.NUMBER := 0
micro1-program_side.PARTS :=
micro1-program_side.OBJECTS := $(addprefix build/obj/,user/start.S.o micro1/program.S.o micro1/program.c.o)
micro1-program_side.MACHINE := build/obj/machine/trap_copy.S.o

micro1-system.NUMBER := 6
micro1-system.PARTS := alloc sched blk nic net fs console pager posix
micro1-system.OBJECTS := $(addprefix build/obj/,user/start.S.o user/env.c.o user/switch.S.o gen/os_direct.c.o gen/os_names.c.o \
	$(addprefix micro/,client/client.c.o server/bus.c.o server/port.c.o server/table.c.o) \
	$(addprefix micro1/,main.c.o native.c.o receive.c.o serve.c.o copy.c.o))
micro1-system.MACHINE := $(micro-blk.MACHINE) $(addprefix build/obj/machine/,serial.c.o trap_kind.c.o)
$(micro1-program_side.OBJECTS) $(micro1-system.OBJECTS): $(wildcard kernels/user/*.h kernels/micro/*.h kernels/micro/*/*.h kernels/micro1/*.h)
