# SPDX-License-Identifier: MIT
# The exokernel's claims of frames.
TEST_FILTER_SRCS = tests/unit/test_filter.c $(wildcard kernels/exo/filter*.c)
TEST_FILTER_FLOW_SRCS = tests/unit/test_filter_flow.c $(wildcard kernels/exo/filter*.c)
