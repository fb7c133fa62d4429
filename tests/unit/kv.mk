# SPDX-License-Identifier: MIT
# The key-value server of workloads/kv_server.c as a process of this machine, a test and libFuzzer on all of it but its
# sockets.
KV_SRCS := $(sort $(wildcard workloads/kv/*.c))
KV_SERVER_SRCS = workloads/kv_server.c workloads/toll.c $(KV_SRCS)
KV_SERVER_CFLAGS = -fno-sanitize-recover=undefined
# The test looks at what is synced, and when.
TEST_KV_SRCS = tests/unit/test_kv.c $(KV_SRCS)
TEST_KV_LIBS = -Wl,--wrap=fsync,--wrap=fdatasync,--wrap=write,--wrap=rename

FUZZ_CC := clang-14 -std=c17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined -iquote workloads -iquote kernels/include
build/tests/fuzz_kv: tests/fuzz/fuzz_kv.c $(KV_SRCS) $(wildcard workloads/kv/*.h workloads/*.h)
	@mkdir -p build/tests
	$(Q)$(FUZZ_CC) -o $@ $(filter %.c,$^)
