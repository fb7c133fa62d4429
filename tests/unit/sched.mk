# SPDX-License-Identifier: MIT
# The part itself and a home for it, for all tests that do not use kernels/host/sched.c instead.
HOST_THREAD_SRCS = kernels/host/env.c kernels/host/alloc.c kernels/host/fiber.c kernels/host/thread.c \
	$(wildcard kernels/parts/sched/*.c)

TEST_SCHED_SRCS = tests/unit/test_sched.c $(HOST_THREAD_SRCS)
TEST_SCHED_CFLAGS = $(HOST_CFLAGS)
