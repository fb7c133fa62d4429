# SPDX-License-Identifier: MIT
# asid.c and tlb.c are parts of the test's file.
TEST_TLB_SRCS = tests/unit/test_tlb.c
TEST_TLB_CFLAGS = -fno-strict-aliasing
build/tests/test_tlb: $(addprefix kernels/machine/,asid.c tlb.c)
