# SPDX-License-Identifier: MIT
# Host files and what is built with them need -iquote, not -I, for our include directories (kernels/host/host.h), and
# another name for sched_yield, since the sanitizers call the C library's.
HOST_SRCS = kernels/host/env.c kernels/host/alloc.c kernels/host/fiber.c kernels/host/sched.c \
	kernels/host/blk.c
HOST_CFLAGS = -fno-strict-aliasing -Dsched_yield=toll_sched_yield -iquote kernels/host
FS_SRCS = $(wildcard kernels/parts/fs/*.c)

TEST_FS_SRCS = tests/unit/test_fs.c tests/unit/fs_fixture.c tests/unit/fs_test_file.c tests/unit/fs_test_tree.c \
	tests/unit/fs_test_mount.c tests/unit/fs_test_crash.c $(FS_SRCS) $(HOST_SRCS)
TEST_FS_CFLAGS = $(HOST_CFLAGS)
# fuzz_fs IMAGE COUNT SEED; tests/fuzz/fuzz_fs_image.sh makes an image.
FUZZ_FS_SRCS = tests/fuzz/fuzz_fs_main.c tests/fuzz/fuzz_fs.c $(FS_SRCS) $(HOST_SRCS)
FUZZ_FS_CFLAGS = $(HOST_CFLAGS)
