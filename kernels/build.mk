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

PARTS := alloc sched blk nic net fs console pager posix
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
PART_LD = SECTIONS { .text.$(1) : { *(.text .text.*) $(call AS_LONG_AS,$(1),$(2))} }
define part_rules
build/parts/$(1).o: $(2) $(3) $(4)
	@mkdir -p $$(@D)
	@printf '%s\n' "$$(call PART_LD,$$(notdir $(1)),$(4))" >build/parts/$(1).ld
	$(Q)ld -r -T build/parts/$(1).ld -o $$@.tmp $(2)
	$(if $(3),$(Q)objcopy --keep-global-symbols=$(3) $$@.tmp)
	@mv $$@.tmp $$@
endef
# The code $(1) gets as long as that of the object $(2), if there is one.
AS_LONG_AS = $(if $(2),. = MAX(.$(COMMA) $$(objdump -h $(2) | awk '$$2 == ".text.$(1)" { print "0x" $$3 }')); )
COMMA := ,
objects_of = $(patsubst kernels/%,build/obj/%.o,$(wildcard kernels/$(1)/*.c))
# The part net holds lwIP, which is compiled with the guest's flags too, and believes its own assertions only in tests.
LWIP_FILES := $(addsuffix .c,$(addprefix core/,def init ip mem memp netif pbuf stats tcp tcp_in tcp_out udp) \
	$(addprefix core/ipv4/,dhcp etharp icmp ip4 ip4_addr ip4_frag) netif/ethernet)
LWIP_OBJECTS := $(addprefix build/obj/parts/net/lwip/,$(LWIP_FILES:=.o))
build/obj/parts/net/%.o: GUEST_CFLAGS += -DLWIP_NOASSERT -iquote kernels/parts/net -isystem kernels/parts/net/libc \
	-isystem kernels/parts/net -isystem $(LWIP_SOURCE)/src/include
build/obj/parts/net/lwip/%.c.o: $(LWIP_SOURCE)/src/%.c $(wildcard kernels/parts/net/*.h kernels/parts/net/*/*.h)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -ffile-prefix-map=$(LWIP_SOURCE)=lwip -c -o $@ $<
part_objects = $(call objects_of,parts/$(1)) $(if $(filter net,$(1)),$(LWIP_OBJECTS))
$(foreach p,$(PARTS),$(eval $(call part_rules,$(p),$(call part_objects,$(p)),kernels/parts/$(p)/exports)))
$(foreach p,$(PARTS),$(eval $(call objects_of,parts/$(p)): $(wildcard kernels/parts/$(p)/*.h)))

# base, and the machine except what a structure chooses (image.mk: trap_stay or trap_move).
$(eval $(call part_rules,base,$(call objects_of,base)))
MACHINE_OBJECTS := $(call objects_of,machine) \
	$(addprefix build/obj/machine/,boot.S.o trap_stubs.S.o trap_copy.S.o switch.S.o)
$(eval $(call part_rules,machine,$(MACHINE_OBJECTS)))

# The variant `books=off`: a system NAME/books-off of the same parts and programs, which counts nothing.  Only what keeps
# books, the machine and glue, is compiled a second time, with the headers of kernels/bookless in front.  That code is made
# as long as the other, so that everything else lies at the same addresses.
BOOKLESS_HEADERS := $(wildcard kernels/*/*.h kernels/*/*/*.h kernels/*/*.inc) build/gen/os_calls.h
build/obj/books-off/%.c.o: kernels/%.c $(BOOKLESS_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) -iquote kernels/bookless $(GUEST_CFLAGS) -c -o $@ $<
build/obj/books-off/%.S.o: kernels/%.S $(BOOKLESS_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) -iquote kernels/bookless $(GUEST_CFLAGS) -c -o $@ $<
bookless = $(foreach o,$(1),$(if $(filter build/obj/gen/%,$(o)),$(o),$(o:build/obj/%=build/obj/books-off/%)))
$(eval $(call part_rules,books-off/machine,$(call bookless,$(MACHINE_OBJECTS)),,build/parts/machine.o))
# with_books SYSTEM,FILE: that file of the system with books, if this is the one without.
with_books = $(patsubst %/books-off,build/%/$(2),$(filter %/books-off,$(1)))

# Workloads: compiled once, against the C library's headers.
WORKLOAD_NAMES := $(filter-out toll,$(basename $(notdir $(wildcard workloads/*.c))))
WORKLOAD_CFLAGS := $(GUEST_DIRECT) -std=c17 -D_GNU_SOURCE -O2 -g -fPIE -mno-red-zone -fno-stack-protector -fcf-protection=none -fno-common \
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
# A workload AREA_ACTION may have more of itself in a folder AREA.
WORKLOAD_SOURCES = $(if $(filter $(1),$(GUEST_TESTS)),tests/guest/$(1).c $(wildcard tests/guest/$(1)/*.c),workloads/$(1).c \
	$(wildcard workloads/$(firstword $(subst _, ,$(1)))/*.c))
# Libraries that only one workload has, compiled with its flags.  SQLite without threads, without shared memory (its
# write-ahead log needs that) and without mappings of its files, which are not coherent with write() everywhere.
WORKLOAD_LIBRARY.db_sqlite := build/obj/sqlite3.o
SQLITE3_OPTIONS := -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL -DSQLITE_MAX_MMAP_SIZE=0 \
	-DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_DEPRECATED -DSQLITE_DQS=0 \
	-DSQLITE_OMIT_PROGRESS_CALLBACK -DSQLITE_USE_ALLOCA -DUSE_PREAD=1 -DHAVE_FDATASYNC=1 -DHAVE_USLEEP=1 -DHAVE_LOCALTIME_R=1
build/obj/sqlite3.o: $(SQLITE3_SOURCE)/sqlite3.c
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) $(filter-out -W% -std=%,$(WORKLOAD_CFLAGS)) -std=gnu17 -w $(SQLITE3_OPTIONS) \
		-ffile-prefix-map=$(SQLITE3_SOURCE)=sqlite3 -c -o $@ $<
build/obj/workloads/db%.o: WORKLOAD_CFLAGS += -isystem $(SQLITE3_SOURCE)
define workload_rules
build/workloads/$(1).o: $(patsubst %.c,build/obj/%.o,$(call WORKLOAD_SOURCES,$(1))) $(WORKLOAD_LIBRARY.$(1))
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
build/$(1)/glue.o: $$($(1).OBJECTS) $(call with_books,$(1),glue.o)
	@mkdir -p build/$(1)
	@printf '%s\n' "$$(call PART_LD,glue,$(call with_books,$(1),glue.o))" >build/$(1)/glue.ld
	$(Q)ld -r -T build/$(1)/glue.ld -o $$@ $$($(1).OBJECTS)
build/$(1)/sys.o: build/$(1)/glue.o $$(patsubst %,build/parts/%.o,$$($(1).PARTS) base $$($(1).MACHINE))
	$(Q)ld -r -o $$@.tmp $$^
	$(Q)objcopy $$(addprefix --keep-global-symbol=,$$($(1).KEEP)) $$@.tmp
	@mv $$@.tmp $$@
build/images/$(1)/%.map: build/images/$(1)/%.elf kernels/gen/map_gen.py
	$(Q)$(PYTHON) kernels/gen/map_gen.py $$@ $$($(1).MAP)
build/images/$(1)/%.json: build/images/$(1)/%.elf kernels/gen/manifest.py
	$(Q)$(PYTHON) kernels/gen/manifest.py $$@ $(firstword $(subst /, ,$(1))) $$* $$< build/workloads/$$*.o build/workloads/toll.o \
		$$(firstword $$($(1).MAP)): $$(patsubst %,build/parts/%.o,$$($(1).PARTS) base $$($(1).MACHINE)) \
		$$(foreach d,$$($(1).DOMAINS),$$d: $$(patsubst %,build/parts/%.o,$$($(1)-$$d.PARTS) base))
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
endef
# The image of system $(1) with a program of structure $(2).
define image_rules
build/images/$(1)/%.elf: build/$(1)/sys.o build/$(2)/%.program.o $$(patsubst %,build/$(1)/%.domain.o,$$($(1).DOMAINS)) \
		kernels/machine/image.ld
	@mkdir -p $$(@D)
	$(Q)$(IMAGE_LD) -o $$@ $$(filter %.o,$$^)
endef

# A domain of a structure: build/NAME/D.elf, carried as module D.
define domain_rules
build/$(1)/$(2)-glue.o: $$($(1)-$(2).OBJECTS) $(call with_books,$(1),$(2)-glue.o)
	@mkdir -p build/$(1)
	@printf '%s\n' "$$(call DOMAIN_LD,glue,$(call with_books,$(1),$(2)-glue.o))" >build/$(1)/$(2)-glue.ld
	$(Q)ld -r -T build/$(1)/$(2)-glue.ld -o $$@ $$($(1)-$(2).OBJECTS)
build/$(1)/$(2)-machine.o: $$($(1)-$(2).MACHINE)
	@mkdir -p build/$(1)
	@printf '%s\n' "$$(call PART_LD,machine)" >build/$(1)/$(2)-machine.ld
	$(Q)ld -r -T build/$(1)/$(2)-machine.ld -o $$@ $$($(1)-$(2).MACHINE)
build/$(1)/$(2).elf: build/$(1)/$(2)-glue.o build/$(1)/$(2)-machine.o \
		$$(patsubst %,build/parts/%.o,$$($(1)-$(2).PARTS) base) kernels/user/domain.ld
	$(Q)ld -T kernels/user/domain.ld --defsym=domain_number=$$($(1)-$(2).NUMBER) -static -no-pie --build-id=none \
		-z noexecstack --no-warn-rwx-segments --no-relax -o $$@ $$(filter %.o,$$^)
build/$(1)/$(2).domain.o: build/$(1)/$(2).elf kernels/user/module.S
	$(Q)strip -o build/$(1)/$(2).domain $$<
	$(Q)$$(call MODULE_CC,$(2),build/$(1)/$(2).domain)
endef
DOMAIN_LD = SECTIONS { .text.user_gate : { *(.text.user_gate) } .text.$(1) : { *(.text .text.*) $(call AS_LONG_AS,$(1),$(2))} }

# What NAME/books-off is composed of.
define bookless_system
$(1).MACHINE := machine
$(1)/books-off.MACHINE := books-off/machine
$(1)/books-off.PARTS := $$($(1).PARTS)
$(1)/books-off.OBJECTS := $$(call bookless,$$($(1).OBJECTS))
$(1)/books-off.KEEP := $$($(1).KEEP)
$(1)/books-off.DOMAINS := $$($(1).DOMAINS)
$(1)/books-off.MAP = $$(foreach w,$$($(1).MAP),$$(if $$(filter %.elf,$$(w)),$$(subst /$(1)/,/$(1)/books-off/,$$(w)),$$(w)))
endef
define bookless_domain
$(1)/books-off-$(2).NUMBER := $$($(1)-$(2).NUMBER)
$(1)/books-off-$(2).PARTS := $$($(1)-$(2).PARTS)
$(1)/books-off-$(2).OBJECTS := $$(call bookless,$$($(1)-$(2).OBJECTS))
$(1)/books-off-$(2).MACHINE := $$($(1)-$(2).MACHINE)
endef

include $(patsubst %,kernels/%/image.mk,$(STRUCTURES))
$(foreach s,$(STRUCTURES),$(eval $(call bookless_system,$(s))))
$(foreach s,$(STRUCTURES),$(foreach d,$($(s).DOMAINS),$(eval $(call bookless_domain,$(s),$(d)))))
SYSTEMS := $(STRUCTURES) $(STRUCTURES:=/books-off)
$(foreach s,$(SYSTEMS),$(eval $(call system_rules,$(s))))
$(foreach s,$(SYSTEMS),$(foreach d,$($(s).DOMAINS),$(eval $(call domain_rules,$(s),$(d)))))
WITH_PROGRAM := $(foreach s,$(STRUCTURES),$(if $($(s).STUB),$(s)))
$(foreach s,$(WITH_PROGRAM),$(eval $(call program_rules,$(s))))
$(foreach s,$(WITH_PROGRAM),$(eval $(call image_rules,$(s),$(s)))$(eval $(call image_rules,$(s)/books-off,$(s))))
IMAGES := $(foreach s,$(STRUCTURES),$(foreach w,$(WORKLOAD_NAMES),$(foreach e,elf map json,build/images/$(s)/$(w).$(e))))

LIBRARIES := $(MUSL_OS)/lib/libc.a $(ZLIB)/libz.a
GUEST_IMAGES := $(foreach s,$(STRUCTURES),$(addprefix build/images/$(s)/,$(GUEST_TESTS:=.elf)))
.PHONY: images guest-images
images: $(IMAGES)
guest-images: $(GUEST_IMAGES)
.SECONDARY:
