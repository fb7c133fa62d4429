# SPDX-License-Identifier: MIT
# The sanitizers call the C library's sched_yield, so that of sched.h needs another name in a Linux process.
TEST_VIRTIO_SRCS = tests/unit/test_virtio.c tests/unit/fake_virtio.c \
	kernels/machine/virtio.c kernels/machine/virtio_queue.c
TEST_VIRTIO_CFLAGS = -fno-strict-aliasing -Dsched_yield=toll_sched_yield
TEST_BLK_SRCS = tests/unit/test_blk.c tests/unit/fake_virtio.c \
	kernels/machine/virtio.c kernels/machine/virtio_queue.c kernels/parts/blk/blk.c
TEST_BLK_CFLAGS = $(TEST_VIRTIO_CFLAGS)
TEST_NIC_SRCS = tests/unit/test_nic.c tests/unit/fake_net.c kernels/machine/virtio.c kernels/machine/virtio_queue.c \
	$(wildcard kernels/parts/nic/*.c) kernels/host/env.c kernels/host/alloc.c
TEST_NIC_CFLAGS = $(HOST_CFLAGS) -iquote kernels/parts/nic
# The rings between the driver's server and its client: both ends in one process.
TEST_RINGS_SRCS = tests/unit/test_rings.c
TEST_RINGS_CFLAGS = $(TEST_VIRTIO_CFLAGS)
build/tests/test_rings: $(addprefix kernels/micro/,server/nic.c server/frames.c server/server.h server/frames.h protocol.h)
# The server of the network, and the loop of all servers, before hostile neighbours.
TEST_SERVERS_SRCS = tests/unit/test_servers.c
TEST_SERVERS_CFLAGS = $(TEST_VIRTIO_CFLAGS)
build/tests/test_servers: $(addprefix kernels/micro/,server/net.c server/server.c server/server.h server/frames.h protocol.h)
