# SPDX-License-Identifier: MIT
# The home for the part sched itself: threads, page tables.
HOST_THREAD_SRCS = kernels/host/env.c kernels/host/alloc.c kernels/host/fiber.c kernels/host/thread.c \
	kernels/host/table.c $(wildcard kernels/parts/sched/*.c)
PAGER_SRCS = $(wildcard kernels/parts/pager/*.c)

TEST_PAGER_SRCS = tests/unit/test_pager.c tests/unit/test_pager_memory.c tests/unit/test_pager_stress.c \
	tests/unit/pager_fixture.c tests/unit/fake_fs.c $(PAGER_SRCS) $(HOST_THREAD_SRCS)
TEST_PAGER_CFLAGS = $(HOST_CFLAGS)
