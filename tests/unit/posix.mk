# SPDX-License-Identifier: MIT
# The parts posix, pager and sched as one system, over the file system or, for the loader's fuzzer, over fake_fs.
POSIX_SRCS = $(wildcard kernels/parts/posix/*.c) $(PAGER_SRCS) $(HOST_THREAD_SRCS) kernels/host/posix.c kernels/host/net.c \
	kernels/base/format.c build/gen/os_names.c

TEST_POSIX_SRCS = tests/unit/test_posix.c tests/unit/test_posix_exec.c tests/unit/test_posix_pipe.c \
	tests/unit/test_posix_wait.c tests/unit/test_posix_socket.c tests/unit/test_posix_socket_end.c tests/unit/test_posix_epoll.c \
	tests/unit/test_posix_lock.c tests/unit/posix_fixture.c tests/unit/elf_make.c tests/unit/fs_fixture.c $(POSIX_SRCS) \
	$(FS_SRCS) kernels/host/blk.c
TEST_POSIX_CFLAGS = $(HOST_CFLAGS)
# fuzz_elf COUNT SEED
FUZZ_ELF_SRCS = tests/fuzz/fuzz_elf.c tests/fuzz/fuzz_elf_main.c tests/unit/elf_make.c tests/unit/fake_fs.c $(POSIX_SRCS)
FUZZ_ELF_CFLAGS = $(HOST_CFLAGS) -iquote .
