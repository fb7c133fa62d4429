# SPDX-License-Identifier: MIT
# disk.mk: the base image of the disk, which every run copies.  DISK_EXTRA names further PDF files to put on it.

DISK_EXTRA ?=
DISK_INPUTS := $(sort $(wildcard workloads/pdf/inputs/*.pdf)) $(DISK_EXTRA)

build/disk.img: workloads/mkdisk.sh workloads/mkdata.py $(DISK_INPUTS)
	workloads/mkdisk.sh $@ $(DISK_EXTRA)
