# SPDX-License-Identifier: MIT
# disk.mk: the base image of the disk, which every run copies.  DISK_EXTRA names further PDF files to put on it:
# those of bench.toml that `toll run` left in build/disk.list, unless it is given.

DISK_EXTRA ?= $(wildcard $(shell cat build/disk.list 2>/dev/null))
DISK_INPUTS := $(sort $(wildcard workloads/pdf/inputs/*.pdf)) $(DISK_EXTRA)

build/disk.img: workloads/mkdisk.sh workloads/mkdata.py $(DISK_INPUTS)
	$(Q)workloads/mkdisk.sh $@ $(DISK_EXTRA)
