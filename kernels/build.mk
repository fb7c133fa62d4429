# SPDX-License-Identifier: MIT
# build.mk: how parts become images.  Every part and every workload is compiled once into one object, build/parts/NAME.o
# and build/workloads/NAME.o; a structure's image.mk says which of them go into which domain.

GUEST_CC ?= gcc
# clang reaches other files' data through a table unless told that it need not.
GUEST_DIRECT := $(if $(findstring clang,$(GUEST_CC)),-fdirect-access-external-data)
GUEST_CFLAGS := $(GUEST_DIRECT) -std=c17 -O2 -g -ffreestanding -fPIE -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-momit-leaf-frame-pointer -fno-strict-aliasing -fno-common -Wall -Wextra -Werror \
	-Wno-address-of-packed-member -Ikernels/include -Ikernels -Ibuild/gen
GUEST_HEADERS := $(wildcard kernels/include/*.h kernels/base/*.h kernels/machine/*.h kernels/machine/*.inc)
PYTHON := /usr/bin/python3

PARTS := alloc sched blk fs console pager posix
STRUCTURES := mono uni $(if $(wildcard kernels/exo/main.c),exo) $(if $(wildcard kernels/micro/main.c),micro) \
	hybrid micro1

# What follows from os.list.
GEN := build/gen/os_calls.h build/gen/os_direct.c build/gen/os_names.c build/gen/os_args.h
$(GEN) &: kernels/gen/os_gen.py kernels/include/os.list
	$(Q)$(PYTHON) kernels/gen/os_gen.py kernels/include/os.list build/gen

# One object file a source file.
build/obj/%.c.o: kernels/%.c $(GUEST_HEADERS) build/gen/os_calls.h
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<
build/obj/%.S.o: kernels/%.S $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<
build/obj/gen/%.c.o: build/gen/%.c build/gen/os_calls.h
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -Wno-cast-function-type -c -o $@ $<

# One object a part: its code renamed to .text.NAME, so that instructions can be told apart, and only what its file
# `exports` lists visible.
PART_LD = SECTIONS { .text.$(1) : { *(.text .text.*) } }
define part_rules
build/parts/$(1).o: $(2) $(3)
	@mkdir -p build/parts
	@printf '%s\n' '$$(call PART_LD,$(1))' >build/parts/$(1).ld
	$(Q)ld -r -T build/parts/$(1).ld -o $$@.tmp $(2)
	$(if $(3),$(Q)objcopy --keep-global-symbols=$(3) $$@.tmp)
	@mv $$@.tmp $$@
endef
objects_of = $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/$(1)/*.c))
$(foreach p,$(PARTS),$(eval $(call part_rules,$(p),$(call objects_of,parts/$(p)),kernels/parts/$(p)/exports)))
$(foreach p,$(PARTS),$(eval $(call objects_of,parts/$(p)): $(wildcard kernels/parts/$(p)/*.h)))

# base, and the machine except what a structure chooses (image.mk: trap_stay or trap_move).
$(eval $(call part_rules,base,$(call objects_of,base)))
MACHINE_OBJECTS := $(call objects_of,machine) \
	$(addprefix build/obj/machine/,boot.S.o trap_stubs.S.o trap_copy.S.o switch.S.o)
$(eval $(call part_rules,machine,$(MACHINE_OBJECTS)))

# Workloads: compiled once, against the C library's headers.
WORKLOAD_NAMES := $(filter-out toll,$(basename $(notdir $(wildcard workloads/*.c))))
WORKLOAD_CFLAGS := $(GUEST_DIRECT) -std=c17 -O2 -g -fPIE -mno-red-zone -fno-stack-protector -fcf-protection=none -fno-common \
	-Wall -Wextra -Werror -nostdinc -isystem $(MUSL_OS)/include -isystem $(shell $(GUEST_CC) -print-file-name=include) \
	-I$(ZLIB)/include -iquote kernels/include -iquote workloads
build/obj/workloads/%.o: workloads/%.c $(wildcard workloads/*.h workloads/*/*.h) kernels/include/wire.h build/gen/os_args.h
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(WORKLOAD_CFLAGS) -Ibuild/gen -c -o $@ $<
# Guest tests are programs like workloads, but not measured: tests/guest/NAME.c, and more of it in tests/guest/NAME/.
GUEST_TESTS := $(basename $(notdir $(wildcard tests/guest/*.c)))
build/obj/tests/guest/%.o: tests/guest/%.c $(wildcard tests/guest/*.h tests/guest/*/*.h workloads/*.h) \
		kernels/include/wire.h build/gen/os_args.h
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(WORKLOAD_CFLAGS) -iquote tests/guest -iquote kernels -Ibuild/gen -c -o $@ $<
WORKLOAD_SOURCES = $(if $(filter $(1),$(GUEST_TESTS)),tests/guest/$(1).c $(wildcard tests/guest/$(1)/*.c),workloads/$(1).c) \
	$(if $(filter pdf_open,$(1)),$(wildcard workloads/pdf/*.c))
define workload_rules
build/workloads/$(1).o: $(patsubst %.c,build/obj/%.o,$(call WORKLOAD_SOURCES,$(1)))
	@mkdir -p build/workloads
	$(Q)ld -r -o $$@ $$^
endef
$(foreach w,toll $(WORKLOAD_NAMES) $(GUEST_TESTS),$(eval $(call workload_rules,$(w))))

# A structure's image.mk sets NAME.PARTS, NAME.OBJECTS (its own and chosen objects) and NAME.KEEP (symbols that stay
# visible outside the system), NAME.MAP (domains and their ELF files), and either has the rule for
# build/images/NAME/%.elf, or names NAME.STUB, the object with os_syscall of a program in a domain of its own, which the
# image then carries, and NAME.DOMAINS, the servers and libraries that it carries too.  Each domain D of these has
# NAME-D.NUMBER (machine/domain.h), NAME-D.PARTS, NAME-D.OBJECTS (glue) and NAME-D.MACHINE.
define system_rules
build/obj/$(1)/%.o: GUEST_CFLAGS += -Ikernels/$(1)
$$($(1).OBJECTS): $$(wildcard kernels/$(1)/*.h kernels/$(1)/*.inc)
build/$(1)/glue.o: $$($(1).OBJECTS)
	@mkdir -p build/$(1)
	@printf '%s\n' '$$(call PART_LD,glue)' >build/$(1)/glue.ld
	$(Q)ld -r -T build/$(1)/glue.ld -o $$@ $$^
build/$(1)/sys.o: build/$(1)/glue.o $$(patsubst %,build/parts/%.o,$$($(1).PARTS) base machine)
	$(Q)ld -r -o $$@.tmp $$^
	$(Q)objcopy $$(addprefix --keep-global-symbol=,$$($(1).KEEP)) $$@.tmp
	@mv $$@.tmp $$@
build/images/$(1)/%.map: build/images/$(1)/%.elf kernels/gen/map_gen.py
	$(Q)$(PYTHON) kernels/gen/map_gen.py $$@ $$($(1).MAP)
build/images/$(1)/%.json: build/images/$(1)/%.elf kernels/gen/manifest.py
	$(Q)$(PYTHON) kernels/gen/manifest.py $$@ $(1) $$* $$< build/workloads/$$*.o build/workloads/toll.o \
		$$(firstword $$($(1).MAP)): $$(patsubst %,build/parts/%.o,$$($(1).PARTS) base machine) \
		$$(foreach d,$$($(1).DOMAINS),$$d: $$(patsubst %,build/parts/%.o,$$($(1)-$$d.PARTS) base))
IMAGES += $(foreach w,$(WORKLOAD_NAMES),build/images/$(1)/$(w).elf build/images/$(1)/$(w).map build/images/$(1)/$(w).json)
endef
# An image that carries its program: build/NAME/WORKLOAD.app, its file without debugging information as module `program`.
MODULE_CC = $(GUEST_CC) $(GUEST_CFLAGS) -DMODULE=$(1) -DPROGRAM='"$(2)"' -c -o $@ kernels/user/module.S
IMAGE_LD := ld -T kernels/machine/image.ld -static -no-pie --build-id=none -z noexecstack --no-warn-rwx-segments
APP_LD := ld -T kernels/include/app.ld -static -no-pie --build-id=none -z noexecstack
define program_rules
build/$(1)/%.app: build/workloads/%.o build/workloads/toll.o $$($(1).STUB) kernels/include/app.ld $(MUSL_OS)/lib/libc.a
	@mkdir -p $$(@D)
	$(Q)$(APP_LD) -o $$@ $(MUSL_OS)/lib/crt1.o build/workloads/$$*.o build/workloads/toll.o $$($(1).STUB) \
		--start-group $(ZLIB)/libz.a $(MUSL_OS)/lib/libc.a --end-group
build/$(1)/%.program.o: build/$(1)/%.app kernels/user/module.S
	$(Q)strip -o build/$(1)/$$*.stripped $$<
	$(Q)$$(call MODULE_CC,program,build/$(1)/$$*.stripped)
build/images/$(1)/%.elf: build/$(1)/sys.o build/$(1)/%.program.o $$(patsubst %,build/$(1)/%.domain.o,$$($(1).DOMAINS)) \
		kernels/machine/image.ld
	@mkdir -p $$(@D)
	$(Q)$(IMAGE_LD) -o $$@ $$(filter %.o,$$^)
endef

# A domain of a structure: build/NAME/D.elf, carried as module D.
define domain_rules
build/$(1)/$(2)-glue.o: $$($(1)-$(2).OBJECTS)
	@mkdir -p build/$(1)
	@printf '%s\n' '$$(call DOMAIN_LD,glue)' >build/$(1)/$(2)-glue.ld
	$(Q)ld -r -T build/$(1)/$(2)-glue.ld -o $$@ $$^
build/$(1)/$(2)-machine.o: $$($(1)-$(2).MACHINE)
	@mkdir -p build/$(1)
	@printf '%s\n' '$$(call PART_LD,machine)' >build/$(1)/$(2)-machine.ld
	$(Q)ld -r -T build/$(1)/$(2)-machine.ld -o $$@ $$^
build/$(1)/$(2).elf: build/$(1)/$(2)-glue.o build/$(1)/$(2)-machine.o \
		$$(patsubst %,build/parts/%.o,$$($(1)-$(2).PARTS) base) kernels/user/domain.ld
	$(Q)ld -T kernels/user/domain.ld --defsym=domain_number=$$($(1)-$(2).NUMBER) -static -no-pie --build-id=none \
		-z noexecstack --no-warn-rwx-segments --no-relax -o $$@ $$(filter %.o,$$^)
build/$(1)/$(2).domain.o: build/$(1)/$(2).elf kernels/user/module.S
	$(Q)strip -o build/$(1)/$(2).domain $$<
	$(Q)$$(call MODULE_CC,$(2),build/$(1)/$(2).domain)
endef
DOMAIN_LD = SECTIONS { .text.user_gate : { *(.text.user_gate) } .text.$(1) : { *(.text .text.*) } }

include $(patsubst %,kernels/%/image.mk,$(STRUCTURES))
$(foreach s,$(STRUCTURES),$(eval $(call system_rules,$(s))))
$(foreach s,$(STRUCTURES),$(if $($(s).STUB),$(eval $(call program_rules,$(s)))))
$(foreach s,$(STRUCTURES),$(foreach d,$($(s).DOMAINS),$(eval $(call domain_rules,$(s),$(d)))))

LIBRARIES := $(MUSL_OS)/lib/libc.a $(ZLIB)/libz.a
GUEST_IMAGES := $(foreach s,$(STRUCTURES),$(addprefix build/images/$(s)/,$(GUEST_TESTS:=.elf)))
.PHONY: images guest-images
images: $(IMAGES)
guest-images: $(GUEST_IMAGES)
.SECONDARY:
