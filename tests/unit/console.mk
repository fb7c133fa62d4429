# SPDX-License-Identifier: MIT
TEST_CONSOLE_SRCS = tests/unit/test_console.c kernels/parts/console/console.c
