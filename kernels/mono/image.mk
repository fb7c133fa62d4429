# SPDX-License-Identifier: MIT
# The monolithic kernel: every part in the kernel; the workload is a program of its own, carried in the image.
mono.PARTS := alloc sched blk nic net fs console pager posix
mono.OBJECTS := $(addprefix build/obj/,mono/main.c.o mono/call.c.o mono/call.S.o mono/env.c.o mono/kpti.c.o mono/kpti.S.o \
	machine/trap_stay.S.o gen/os_direct.c.o gen/os_names.c.o)
build/obj/mono/call.S.o build/obj/mono/kpti.S.o: kernels/mono/call.inc
mono.KEEP := boot_entry module_program_start module_program_end
mono.STUB := build/obj/mono/stub.S.o
mono.MAP = kernel build/images/mono/$*.elf app build/mono/$*.app

# The probe: the same kernel with the smallest program.
build/mono/probe.app: build/obj/mono/probe.S.o kernels/include/app.ld
	@mkdir -p $(@D)
	$(Q)$(APP_LD) -o $@ $<
build/images/probe.elf: build/mono/sys.o build/mono/probe.program.o kernels/machine/image.ld
	@mkdir -p $(@D)
	$(Q)$(IMAGE_LD) -o $@ build/mono/sys.o build/mono/probe.program.o
