# SPDX-License-Identifier: MIT
# The part net with lwIP, whose assertions hold here, over an interface whose other end is the test.  lwIP reads headers
# where they come, which on x86 need not be aligned.
NET_CFLAGS = $(HOST_CFLAGS) -iquote kernels/parts/net -isystem $(LWIP_SOURCE)/src/include -Wno-address-of-packed-member \
	-fno-sanitize=alignment -fno-strict-aliasing -fno-common
NET_SRCS = $(wildcard kernels/parts/net/*.c) $(addprefix $(LWIP_SOURCE)/src/,$(LWIP_FILES))
NET_HOST_SRCS = kernels/host/nic.c kernels/host/env.c kernels/host/alloc.c
TEST_NET_SRCS = tests/unit/test_net.c tests/unit/test_net_more.c tests/unit/test_net_wire.c tests/unit/test_net_window.c \
	tests/unit/net_fixture.c $(NET_SRCS) $(NET_HOST_SRCS) \
	kernels/host/sched.c kernels/host/fiber.c
TEST_NET_CFLAGS = $(NET_CFLAGS)
# fuzz_net COUNT SEED.  Its memory is the C library's, for the sanitizers.
FUZZ_NET_SRCS = tests/fuzz/fuzz_net.c tests/fuzz/fuzz_net_tcp.c tests/fuzz/fuzz_net_main.c kernels/host/net_memory.c \
	$(filter-out %/memory.c,$(NET_SRCS)) $(NET_HOST_SRCS) kernels/host/sched.c kernels/host/fiber.c
FUZZ_NET_CFLAGS = $(NET_CFLAGS) -iquote .
# The same for libFuzzer: tests/fuzz/corpus.sh frames RUNS.
build/tests/fuzz_frames: $(filter-out %/fuzz_net_main.c,$(FUZZ_NET_SRCS)) $(UNIT_HEADERS)
	@mkdir -p build/tests
	$(Q)$(FUZZ_CC) -iquote kernels/include -iquote kernels -iquote build/gen $(FUZZ_NET_CFLAGS) -o $@ $(filter %.c,$^)

# Two machines in one process: tests/net/torture.c.  The C library's memory, for the sanitizers.
NET_STACK_SRCS = tests/net/stack.c kernels/host/net_memory.c $(filter-out %/memory.c,$(NET_SRCS)) $(NET_HOST_SRCS) \
	kernels/host/sched.c kernels/host/fiber.c
build/tests/stack.so: $(NET_STACK_SRCS) $(UNIT_HEADERS) tests/net/stack.h
	@mkdir -p build/tests
	$(Q)$(CC) $(UNIT_CFLAGS) $(NET_CFLAGS) -fPIC -shared -fvisibility=hidden -Wl,-Bsymbolic -o $@ $(NET_STACK_SRCS)
build/tests/torture: tests/net/torture.c $(UNIT_HEADERS) tests/net/stack.h
	@mkdir -p build/tests
	$(Q)$(CC) $(UNIT_CFLAGS) -o $@ $< -ldl
