# SPDX-License-Identifier: MIT
# The plugin's model of caches and TLBs, without QEMU.
TEST_HIERARCHY_SRCS = tests/unit/test_hierarchy.c $(addprefix harness/plugin/,cache.c tlb.c hierarchy.c \
	hierarchy_code.c hierarchy_data.c hierarchy_size.c)
TEST_HIERARCHY_CFLAGS = -iquote harness/plugin
