# SPDX-License-Identifier: MIT
# linux.mk: the outside baseline: the distribution's kernel, and an initramfs with the same workload objects linked
# against plain musl.  From build/deps.mk: LINUX_DEB, LINUX_VERSION, MUSL_LINUX, ZLIB.
#
#   build/linux/vmlinux         the kernel, which QEMU boots by PVH
#   build/linux/initramfs.cpio  init, modules, workloads
#   build/linux/linux.map       for the counting plugin
#   build/linux/cmdline         the kernel's command line
#   build/images/linux/NAME.json    what workload NAME was made of
#   build/linux/servers.cpio, servers.map, servers/NAME.json    the same with the distribution's own server NAME, of
#                               build/servers.mk: SERVERS_DEB, a folder; empty where they could not be fetched

LINUX_WORKLOADS ?= $(filter-out toll skeleton,$(basename $(notdir $(wildcard workloads/*.c))))
LINUX_PROGRAMS := $(addprefix build/linux/bin/,$(sort $(LINUX_WORKLOADS)))
LINUX_MODULES = $(firstword $(wildcard $(LINUX_DEB)/lib/modules/*))
LINUX_CFLAGS := -std=c17 -D_GNU_SOURCE -O2 -g -fno-stack-protector -fcf-protection=none -Wall -Wextra -Werror
LINUX_CRT = $(MUSL_LINUX)/lib/crt1.o $(MUSL_LINUX)/lib/crti.o
LINUX_LIBGCC := $(shell $(CC) -print-libgcc-file-name)
LINUX_LINK = $(LD) -static --build-id=none -z noexecstack --no-warn-rwx-segments

build/linux/unpack: kernels/linux/unpack.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -O2 -Wall -Wextra -Werror -o $@ $<

build/linux/vmlinux: build/linux/unpack build/deps.mk
	$(Q)build/linux/unpack $(firstword $(wildcard $(LINUX_DEB)/boot/vmlinuz-*)) $@

build/linux/cmdline: kernels/linux/cmdline
	@mkdir -p $(@D)
	$(Q)cp $< $@

build/linux/%.o: kernels/linux/%.c kernels/linux/init.h kernels/include/wire.h build/deps.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINUX_CFLAGS) -nostdinc -isystem $(MUSL_LINUX)/include \
		-isystem $(dir $(LINUX_LIBGCC))include -c -o $@ $<

build/linux/init: build/linux/init.o build/linux/network.o build/linux/symbols.o
	$(Q)$(LINUX_LINK) -s -o $@ $(LINUX_CRT) $^ $(MUSL_LINUX)/lib/libc.a $(LINUX_LIBGCC) $(MUSL_LINUX)/lib/crtn.o

build/linux/bin/%: build/workloads/%.o build/workloads/toll.o kernels/linux/workload.ld build/deps.mk
	@mkdir -p $(@D)
	$(Q)$(LINUX_LINK) -T kernels/linux/workload.ld -o $@ $(LINUX_CRT) $(filter %.o,$^) --start-group \
		$(ZLIB)/libz.a $(MUSL_LINUX)/lib/libc.a $(LINUX_LIBGCC) --end-group $(MUSL_LINUX)/lib/crtn.o

build/linux/initramfs.cpio: kernels/linux/initramfs.sh kernels/linux/modules kernels/linux/modules.network \
		build/linux/init $(LINUX_PROGRAMS)
	$(Q)bash $< $@ build/linux/init -m kernels/linux/modules $(LINUX_MODULES) \
		-m kernels/linux/modules.network $(LINUX_MODULES) $(LINUX_PROGRAMS)

build/linux/symbols.cpio: kernels/linux/initramfs.sh build/linux/init
	$(Q)bash $< $@ build/linux/init

# The distribution's servers, in an initramfs of their own: the other boots as if there were none.
build/linux/serve: build/linux/serve.o kernels/linux/workload.ld
	$(Q)$(LINUX_LINK) -T kernels/linux/workload.ld -o $@ $(LINUX_CRT) $< --start-group $(MUSL_LINUX)/lib/libc.a \
		$(LINUX_LIBGCC) --end-group $(MUSL_LINUX)/lib/crtn.o

build/linux/servers.cpio: kernels/linux/initramfs.sh kernels/linux/modules kernels/linux/modules.network \
		build/linux/init build/linux/serve build/servers.mk $(wildcard kernels/linux/servers/etc/*)
	$(Q)bash $< $@ build/linux/init -m kernels/linux/modules $(LINUX_MODULES) \
		-m kernels/linux/modules.network $(LINUX_MODULES) $(addprefix -t ,$(SERVERS_DEB) kernels/linux/servers) \
		build/linux/serve

build/linux/servers/%.json: kernels/linux/manifest_server.sh build/servers.mk build/linux/servers.cpio
	@mkdir -p $(@D)
	$(Q)bash $< $@ $* "$(SERVERS_DEB)"

build/linux/servers.map: kernels/linux/map.sh build/linux/vmlinux build/linux/symbols.cpio build/linux/cmdline
	$(Q)bash $< -s $@ $(LINUX_VERSION) build/linux/vmlinux build/linux/symbols.cpio build/linux/cmdline

build/linux/linux.map: kernels/linux/map.sh build/linux/vmlinux build/linux/symbols.cpio build/linux/cmdline
	$(Q)bash $< $@ $(LINUX_VERSION) build/linux/vmlinux build/linux/symbols.cpio build/linux/cmdline

build/images/linux/%.json: kernels/linux/manifest.sh build/linux/bin/% build/workloads/%.o build/workloads/toll.o
	@mkdir -p $(@D)
	$(Q)bash $< $@ $* build/linux/bin/$* build/workloads/$*.o toll=build/workloads/toll.o \
		libc=$(MUSL_LINUX)/lib/libc.a zlib=$(ZLIB)/libz.a

.PHONY: linux
linux: build/linux/vmlinux build/linux/initramfs.cpio build/linux/linux.map build/linux/cmdline \
	build/linux/servers.cpio build/linux/servers.map $(patsubst %,build/linux/servers/%.json,redis-server nginx) \
	$(patsubst %,build/images/linux/%.json,$(LINUX_WORKLOADS))
