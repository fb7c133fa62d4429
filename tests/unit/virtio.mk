# SPDX-License-Identifier: MIT
# The sanitizers call the C library's sched_yield, so that of sched.h needs another name in a Linux process.
TEST_VIRTIO_SRCS = tests/unit/test_virtio.c tests/unit/fake_virtio.c \
	kernels/machine/virtio.c kernels/machine/virtio_queue.c
TEST_VIRTIO_CFLAGS = -fno-strict-aliasing -Dsched_yield=toll_sched_yield
TEST_BLK_SRCS = tests/unit/test_blk.c tests/unit/fake_virtio.c \
	kernels/machine/virtio.c kernels/machine/virtio_queue.c kernels/parts/blk/blk.c
TEST_BLK_CFLAGS = $(TEST_VIRTIO_CFLAGS)
