# SPDX-License-Identifier: MIT
# pages.c and heap.c are parts of the test's files.
TEST_ALLOC_SRCS = tests/unit/test_alloc.c tests/unit/test_alloc_heap.c
TEST_ALLOC_CFLAGS = -fno-strict-aliasing
build/tests/test_alloc: $(wildcard kernels/parts/alloc/*.c)
