# SPDX-License-Identifier: MIT
# The web server of workloads/web_server.c as a process of this machine, a test and libFuzzer on all of it but its
# sockets.
WEB_SRCS := $(sort $(wildcard workloads/web/*.c))
WEB_SERVER_SRCS = workloads/web_server.c workloads/toll.c $(WEB_SRCS)
WEB_SERVER_CFLAGS = -fno-sanitize-recover=undefined
TEST_WEB_SRCS = tests/unit/test_web.c $(WEB_SRCS)

build/tests/fuzz_web: tests/fuzz/fuzz_web.c $(WEB_SRCS) $(wildcard workloads/web/*.h workloads/*.h)
	@mkdir -p build/tests
	$(Q)$(FUZZ_CC) -Wl,--wrap=fstat -o $@ $(filter %.c,$^)
