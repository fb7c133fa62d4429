# SPDX-License-Identifier: MIT
# The unikernel: every part, the workload and its libraries in one image.
uni.PARTS := alloc sched blk nic net fs console pager posix
uni.OBJECTS := $(addprefix build/obj/,uni/main.c.o uni/call.c.o uni/call.S.o uni/env.c.o uni/stack.c.o machine/trap_move.S.o \
	gen/os_direct.c.o gen/os_names.c.o)
uni.KEEP := boot_entry os_syscall
uni.MAP = image build/images/uni/$*.elf

define uni_image
build/images/$(1)/%.elf: build/$(1)/sys.o build/workloads/%.o build/workloads/toll.o kernels/machine/image.ld $(MUSL_OS)/lib/libc.a
	@mkdir -p $$(@D)
	$(Q)ld -T kernels/machine/image.ld -static -no-pie --build-id=none -z noexecstack --no-warn-rwx-segments -o $$@ \
		build/$(1)/sys.o $(MUSL_OS)/lib/crt1.o build/workloads/$$*.o build/workloads/toll.o \
		--start-group $(ZLIB)/libz.a $(MUSL_OS)/lib/libc.a --end-group
endef
$(eval $(call uni_image,uni))
$(eval $(call uni_image,uni/books-off))
