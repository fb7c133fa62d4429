# SPDX-License-Identifier: MIT
# toll: what an operating system's structure costs.
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

-include build/deps.mk
include kernels/build.mk
include workloads/disk.mk
include harness/plugin/plugin.mk
