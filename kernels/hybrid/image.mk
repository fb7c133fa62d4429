# SPDX-License-Identifier: MIT
# The microkernel with the file system and the disk's driver in the kernel; memory, console, network and posix stay outside.
hybrid.KERNEL := micro
hybrid.PARTS := alloc sched fs blk
hybrid.OBJECTS := $(filter-out build/obj/micro/compose.c.o,$(micro.OBJECTS)) \
	$(addprefix build/obj/,micro/server/fs.c.o hybrid/files.c.o hybrid/compose.c.o)
hybrid.DOMAINS := library console mem echo nic net
hybrid.KEEP := boot_entry $(foreach m,program $(hybrid.DOMAINS),module_$(m)_start module_$(m)_end)
hybrid.STUB := build/obj/micro/stub.S.o
hybrid.MAP = kernel build/images/hybrid/$*.elf app build/hybrid/$*.app $(foreach d,$(hybrid.DOMAINS),$(d) build/hybrid/$(d).elf)
# Its domains are those of the microkernel, object for object.
$(foreach d,$(hybrid.DOMAINS),$(foreach v,NUMBER PARTS OBJECTS MACHINE,$(eval hybrid-$(d).$(v) := $(micro-$(d).$(v)))))
$(hybrid.OBJECTS): $(wildcard kernels/hybrid/*.h kernels/user/*.h kernels/micro/*.h kernels/micro/*/*.h)
