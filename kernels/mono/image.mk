# SPDX-License-Identifier: MIT
# The monolithic kernel: every part in the kernel; the workload is a program of its own, carried in the image.
mono.PARTS := alloc sched blk fs console pager posix
mono.OBJECTS := $(addprefix build/obj/,mono/main.c.o mono/call.c.o mono/call.S.o mono/env.c.o machine/trap_stay.S.o \
	gen/os_direct.c.o gen/os_names.c.o)
mono.KEEP := boot_entry program_start program_end
mono.MAP = kernel build/images/mono/$*.elf app build/mono/$*.app

build/mono/%.app: build/workloads/%.o build/workloads/toll.o build/obj/mono/stub.S.o kernels/include/app.ld $(MUSL_OS)/lib/libc.a
	@mkdir -p $(@D)
	$(Q)ld -T kernels/include/app.ld -static -no-pie --build-id=none -z noexecstack -o $@ \
		$(MUSL_OS)/lib/crt1.o build/workloads/$*.o build/workloads/toll.o build/obj/mono/stub.S.o \
		--start-group $(ZLIB)/libz.a $(MUSL_OS)/lib/libc.a --end-group
build/mono/%.program.o: build/mono/%.app kernels/mono/program.S
	$(Q)strip -o build/mono/$*.stripped $<
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -DPROGRAM='"build/mono/$*.stripped"' -c -o $@ kernels/mono/program.S
build/images/mono/%.elf: build/mono/sys.o build/mono/%.program.o kernels/machine/image.ld
	@mkdir -p $(@D)
	$(Q)ld -T kernels/machine/image.ld -static -no-pie --build-id=none -z noexecstack --no-warn-rwx-segments -o $@ \
		build/mono/sys.o build/mono/$*.program.o

# The probe: the same kernel with the smallest program.
build/mono/probe.app: build/obj/mono/probe.S.o kernels/include/app.ld
	@mkdir -p $(@D)
	$(Q)ld -T kernels/include/app.ld -static -no-pie --build-id=none -z noexecstack -o $@ $<
build/images/probe.elf: build/mono/sys.o build/mono/probe.program.o kernels/machine/image.ld
	@mkdir -p $(@D)
	$(Q)ld -T kernels/machine/image.ld -static -no-pie --build-id=none -z noexecstack --no-warn-rwx-segments -o $@ \
		build/mono/sys.o build/mono/probe.program.o
