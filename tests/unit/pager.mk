# SPDX-License-Identifier: MIT
PAGER_SRCS = $(wildcard kernels/parts/pager/*.c) kernels/host/table.c

TEST_PAGER_SRCS = tests/unit/test_pager.c tests/unit/test_pager_memory.c tests/unit/test_pager_stress.c \
	tests/unit/pager_fixture.c tests/unit/fake_fs.c $(PAGER_SRCS) $(HOST_THREAD_SRCS)
TEST_PAGER_CFLAGS = $(HOST_CFLAGS)
