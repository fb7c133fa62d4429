# SPDX-License-Identifier: MIT
# tests.mk: what `make check` and `make test` run.  A suite is a file of lines "NAME | COMMAND"; tests/run.sh runs them,
# two at a time, and adds up what they say: cmocka's, unittest's, or "N passed, M failed".

TEST_JOBS ?= $(shell nproc)

UNIT_CFLAGS := -std=c17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -iquote kernels/include -iquote kernels -iquote workloads \
	-iquote build/gen
UNIT_HEADERS := $(wildcard kernels/include/*.h kernels/base/*.h kernels/machine/*.h kernels/host/*.h kernels/parts/*/*.h \
	workloads/*.h workloads/*/*.h tests/unit/*.h tests/fuzz/*.h) build/gen/os_calls.h

# Their rules need the headers, which must be known by then.
include $(wildcard tests/unit/*.mk)

# unit_program PROGRAM,VARIABLE-PREFIX
define unit_program
build/tests/$(1): $$($(2)_SRCS) $(UNIT_HEADERS)
	@mkdir -p build/tests
	$(Q)$(CC) $(UNIT_CFLAGS) $$($(2)_CFLAGS) -o $$@ $$($(2)_SRCS) $(3) $$($(2)_LIBS)
endef
UNITS := base virtio blk nic rings servers net filter filter_flow console fs pdf alloc sched pager posix tlb hierarchy kv web
$(foreach u,$(UNITS),$(eval $(call unit_program,test_$(u),TEST_$(shell echo $(u) | tr a-z A-Z),-lcmocka)))
$(eval $(call unit_program,fuzz_fs,FUZZ_FS))
$(eval $(call unit_program,fuzz_pdf,FUZZ_PDF))
$(eval $(call unit_program,fuzz_elf,FUZZ_ELF))
$(eval $(call unit_program,fuzz_net,FUZZ_NET))
$(eval $(call unit_program,kv_server,KV_SERVER))
$(eval $(call unit_program,web_server,WEB_SERVER))
$(eval $(call unit_program,pdf_text,PDF_TEXT))
# A kernel that is nothing but a test of the machine's page tables.
build/images/machine/tables.elf: tests/tables/guest.c $(patsubst %,build/parts/%.o,alloc base machine) \
		build/obj/machine/trap_stay.S.o kernels/machine/image.ld
	@mkdir -p $(@D) build/tests
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c -o build/tests/tables.o $<
	$(Q)ld -r -o build/tests/tables.sys.o build/tests/tables.o $(filter %.o,$^)
	$(Q)ld -T kernels/machine/image.ld -static -no-pie --build-id=none -z noexecstack --no-warn-rwx-segments -o $@ \
		build/tests/tables.sys.o

# The same of the network driver.
build/images/machine/frames.elf: tests/net/frames.c $(patsubst %,build/parts/%.o,alloc nic base machine) \
		build/obj/machine/trap_stay.S.o kernels/machine/image.ld
	@mkdir -p $(@D) build/tests
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c -o build/tests/frames.o $<
	$(Q)ld -r -o build/tests/frames.sys.o build/tests/frames.o $(filter %.o,$^)
	$(Q)ld -T kernels/machine/image.ld -static -no-pie --build-id=none -z noexecstack --no-warn-rwx-segments -o $@ \
		build/tests/frames.sys.o

# The microkernel with an intruder in the place of each server and of the library.
build/tests/intruder/%.o: tests/domains/% tests/domains/intruder.h $(GUEST_HEADERS) $(wildcard kernels/micro/*.h)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -iquote tests/domains -c -o $@ $<
build/tests/intruder/glue.o: $(addprefix build/tests/intruder/,intruder.c.o intruder.S.o) build/obj/user/start.S.o
	@printf '%s\n' '$(call DOMAIN_LD,glue)' >build/tests/intruder/glue.ld
	$(Q)ld -r -T build/tests/intruder/glue.ld -o $@ $^
define intruder_rules
build/tests/intruder/$(1).module.o: build/tests/intruder/glue.o build/parts/base.o kernels/user/domain.ld kernels/user/module.S
	$(Q)ld -T kernels/user/domain.ld --defsym=domain_number=$(micro-$(1).NUMBER) -static -no-pie --build-id=none \
		-z noexecstack --no-warn-rwx-segments --no-relax -s -o build/tests/intruder/$(1).elf $$(filter %.o,$$^)
	$(Q)$$(call MODULE_CC,$(1),build/tests/intruder/$(1).elf)
endef
$(foreach d,$(micro.DOMAINS),$(eval $(call intruder_rules,$(d))))
build/images/domains/intruder.elf: build/micro/sys.o build/micro/null.program.o \
		$(patsubst %,build/tests/intruder/%.module.o,$(micro.DOMAINS)) kernels/machine/image.ld
	@mkdir -p $(@D)
	$(Q)$(IMAGE_LD) -o $@ $(filter %.o,$^)

UNIT_PROGRAMS := $(patsubst %,build/tests/test_%,$(UNITS)) $(TEST_HARNESS_PROGRAMS)

# counts/bookless.py looks at these and at the same with books.
BOOKLESS_IMAGES := $(foreach e,elf map json,$(STRUCTURES:%=build/images/%/books-off/read_hot.$(e)))

CHECK_NEEDS := build/toll $(UNIT_PROGRAMS) $(patsubst %,build/parts/%.o,$(PARTS) base machine)
TEST_NEEDS := $(CHECK_NEEDS) $(IMAGES) build/images/probe.elf build/images/calibrate.elf build/disk.img build/plugin/toll-count.so \
	build/tests/fuzz_fs build/tests/fuzz_pdf build/tests/fuzz_elf build/tests/fuzz_net build/tests/fuzz_frames build/tests/torture build/tests/stack.so build/tests/fuzz_kv build/tests/fuzz_web build/tests/kv_server build/tests/web_server build/tests/pdf_text $(GUEST_IMAGES) \
	build/images/machine/tables.elf build/images/machine/frames.elf build/images/domains/intruder.elf $(BOOKLESS_IMAGES) \
	build/linux/vmlinux build/linux/initramfs.cpio build/linux/servers.cpio build/linux/cmdline

# What a suite needs is built by a make of its own, several files at once, unless this one already does so.
BUILD_JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(TEST_JOBS))

.PHONY: check test check-built test-built
check-built: $(CHECK_NEEDS)
test-built: $(TEST_NEEDS)

check:
	@$(MAKE) $(BUILD_JOBS) check-built
	@tests/run.sh -j $(TEST_JOBS) tests/check.suite

test:
	@$(MAKE) $(BUILD_JOBS) test-built
	@tests/run.sh -j $(TEST_JOBS) tests/check.suite tests/test.suite

# What takes long: hundreds of crashes, a day of the guests' clock, a million inputs.
.PHONY: soak soak-built
SOAK_NEEDS := $(foreach s,$(STRUCTURES),$(foreach w,db_sqlite kv_server web_server,build/images/$(s)/$(w).elf build/images/$(s)/$(w).map)) \
	build/disk.img build/plugin/toll-count.so build/tests/fuzz_kv build/tests/fuzz_web build/tests/fuzz_net build/tests/fuzz_frames \
	build/tests/torture build/tests/stack.so
soak-built: $(SOAK_NEEDS)
soak:
	@$(MAKE) $(BUILD_JOBS) soak-built
	@tests/run.sh -p -j 1 tests/soak.suite

# The time lane under the real kvm-amd, on an emulated processor: tests/kvm/run.sh.
KVM_TEST_IMAGES := $(foreach s,uni mono exo micro micro1 hybrid,$(foreach w,read_hot file_write switch_pingpong, \
	$(addprefix build/images/$(s)/$(w).,elf map json)))
.PHONY: test-kvm
test-kvm: build/toll build/images/probe.elf build/images/calibrate.elf build/disk.img $(KVM_TEST_IMAGES)
	@bash tests/kvm/run.sh
