# SPDX-License-Identifier: MIT
# The exokernel: the drivers of disk and network interface, the console and the scheduling of environments in the
# kernel, everything else in the library of the application.
exo.PARTS := alloc sched blk nic console
exo.OBJECTS := $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/exo/*.c) kernels/exo/call.S) build/obj/machine/trap_stay.S.o
$(exo.OBJECTS): $(wildcard kernels/exo/*.h)
exo.KEEP := boot_entry module_program_start module_program_end module_library_start module_library_end
exo.STUB := build/obj/exo/stub.S.o
exo.DOMAINS := library
exo.MAP = kernel build/images/exo/$*.elf library build/exo/library.elf app build/exo/$*.app

exo-library.NUMBER := 0
exo-library.PARTS := alloc sched net fs console pager posix
exo-library.OBJECTS := $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/user/*.c kernels/exo/library/*.c) \
	kernels/user/start.S kernels/user/entry.S kernels/user/switch.S \
	kernels/exo/library/cross.S) build/obj/gen/os_direct.c.o build/obj/gen/os_names.c.o
exo-library.MACHINE := $(addprefix build/obj/machine/,trap_copy.S.o trap_kind.c.o cpu_fpu.c.o)
$(exo-library.OBJECTS): $(wildcard kernels/user/*.h kernels/exo/*.h kernels/exo/library/*.h)
