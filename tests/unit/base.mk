# SPDX-License-Identifier: MIT
# string.c is part of test_base.c, under other names.
TEST_BASE_SRCS = tests/unit/test_base.c kernels/base/format.c kernels/base/panic.c
build/tests/test_base: kernels/base/string.c
