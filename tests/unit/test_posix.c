/* SPDX-License-Identifier: MIT */
/* test_posix.c: descriptors, their limits, paths, memory calls, and addresses that are not the caller's.  Programs,
   pipes and waiting have their own files. */
#include "posix_fixture.h"
#include "wire.h"

static void fill_fds(void)
{
    while (fds_open() < FD_MAX)
        assert_true(posix_dup(0, 0) >= 0);
}

/* Without a free descriptor nothing is made, and nothing stays open. */
static void limits_body(void)
{
    int fds[2], fd = must_fd("/hello.txt", O_RDONLY);
    assert_int_equal(fd, 3);
    fill_fds();
    assert_int_equal(posix_dup(0, 0), -EMFILE);
    assert_int_equal(posix_fcntl(0, 0, F_DUPFD, 5), -EMFILE);
    assert_int_equal(posix_open(0, P("/hello.txt"), O_RDONLY, 0), -EMFILE);
    assert_int_equal(posix_pipe(0, P(fds)), -EMFILE);
    assert_int_equal(posix_close(0, FD_MAX - 1), 0);
    assert_int_equal(posix_pipe(0, P(fds)), -EMFILE);
    assert_int_equal(fds_open(), FD_MAX - 1);
    assert_int_equal(posix_close(0, 40), 0);
    assert_int_equal(posix_pipe(0, P(fds)), 0);
    assert_int_equal(fds[0], 40);
    assert_int_equal(fds[1], FD_MAX - 1);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(process_run(limits_body), 0);
}

static void no_file_body(void)
{
    fill_fds();
    assert_int_equal(posix_open(0, P("/new"), O_CREAT | O_WRONLY, 0644), -EMFILE);
    assert_int_equal(posix_open(0, P("/hello.txt"), O_TRUNC | O_WRONLY, 0), -EMFILE);
    posix_close(0, 5);
    assert_int_equal(posix_open(0, P("/new"), O_RDONLY, 0), -ENOENT);
    must_hold("/hello.txt", "hello world\n", 12);
}

static void test_limits_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(process_run(no_file_body), 0);
}

static void fd_body(void)
{
    char text[20];
    int fd = must_fd("/hello.txt", O_RDONLY | O_CLOEXEC), other;
    assert_int_equal(posix_fcntl(0, (uint64_t)fd, F_GETFD, 0), 1);
    other = (int)posix_dup(0, (uint64_t)fd);
    assert_int_equal(posix_fcntl(0, (uint64_t)other, F_GETFD, 0), 0);
    assert_int_equal(posix_read(0, (uint64_t)fd, P(text), 6), 6);
    assert_int_equal(posix_read(0, (uint64_t)other, P(text), 20), 6); /* one position */
    assert_memory_equal(text, "world\n", 6);
    assert_int_equal(posix_lseek(0, (uint64_t)fd, 0, SEEK_END), 12);
    assert_int_equal(posix_lseek(0, (uint64_t)fd, (uint64_t)-13, SEEK_CUR), -EINVAL);
    assert_int_equal(posix_lseek(0, (uint64_t)fd, INT64_MAX, SEEK_CUR), -EINVAL);
    assert_int_equal(posix_lseek(0, (uint64_t)fd, 0, 3), -EINVAL);
    assert_int_equal(posix_lseek(0, (uint64_t)other, 0, SEEK_CUR), 12);
    assert_int_equal(posix_dup2(0, (uint64_t)fd, 50), 50);
    assert_int_equal(posix_dup2(0, 50, 50), 50);
    assert_int_equal(posix_dup2(0, 51, 51), -EBADF);
    assert_int_equal(posix_dup2(0, 50, FD_MAX), -EBADF);
    assert_int_equal(posix_dup3(0, 50, 50, 0), -EINVAL);
    assert_int_equal(posix_dup3(0, 50, (uint64_t)other, O_CLOEXEC), other);
    assert_int_equal(posix_fcntl(0, (uint64_t)other, F_GETFD, 0), 1);
    assert_int_equal(posix_fcntl(0, (uint64_t)other, F_SETFD, 0), 0);
    assert_int_equal(posix_fcntl(0, (uint64_t)other, F_GETFD, 0), 0);
    assert_int_equal(posix_fcntl(0, 50, F_DUPFD, (uint64_t)-1), -EINVAL);
    assert_int_equal(posix_fcntl(0, 50, F_DUPFD, FD_MAX), -EINVAL);
    assert_int_equal(posix_fcntl(0, 50, F_DUPFD_CLOEXEC, 60), 60);
    assert_int_equal(posix_fcntl(0, 60, F_GETFD, 0), 1);
    assert_int_equal(posix_close(0, 60), 0);
    assert_int_equal(posix_close(0, 60), -EBADF);
    static const uint64_t none[] = {60, FD_MAX, UINT32_MAX, UINT64_MAX, (uint64_t)1 << 32};
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(posix_close(0, none[i]), -EBADF);
        assert_int_equal(posix_read(0, none[i], P(text), 1), -EBADF);
        assert_int_equal(posix_write(0, none[i], P(text), 1), -EBADF);
        assert_int_equal(posix_dup(0, none[i]), -EBADF);
        assert_int_equal(posix_fstat(0, none[i], P(text)), -EBADF);
        assert_int_equal(posix_fsync(0, none[i]), -EBADF);
        assert_int_equal(posix_mmap(0, 0, 4096, PROT_READ, MAP_PRIVATE, none[i], 0), -EBADF);
    }
    assert_int_equal(posix_write(0, (uint64_t)fd, P(text), 1), -EBADF); /* opened for reading */
}

static void test_fds(void **state)
{
    (void)state;
    assert_int_equal(process_run(fd_body), 0);
}

static void vector_body(void)
{
    char a[4] = "abc", b[4] = "def", text[8] = {0};
    struct linux_iovec v[] = {{P(a), 3}, {BAD, 0}, {P(b), 3}}, w[] = {{P(text), 2}, {P(text + 2), 5}},
                       u[] = {{P(a), 3}, {BAD, 5}};
    uint64_t fd = (uint64_t)must_fd("/v", O_CREAT | O_RDWR);
    assert_int_equal(posix_writev(0, fd, P(v), 3), 6);
    assert_int_equal(posix_writev(0, fd, P(u), 2), 3); /* what was moved counts */
    assert_int_equal(posix_writev(0, fd, P(u + 1), 1), -EFAULT);
    assert_int_equal(posix_writev(0, fd, BAD, 1), -EFAULT);
    assert_int_equal(posix_writev(0, fd, P(v), 1025), -EINVAL);
    assert_int_equal(posix_lseek(0, fd, 0, SEEK_SET), 0);
    assert_int_equal(posix_readv(0, fd, P(w), 2), 7);
    assert_memory_equal(text, "abcdefa", 7);
    assert_int_equal(posix_pread64(0, fd, P(text), 3, 3), 3);
    assert_memory_equal(text, "def", 3);
    assert_int_equal(posix_pread64(0, fd, P(text), 3, 100), 0);
    assert_int_equal(posix_pread64(0, fd, P(text), 3, (uint64_t)-1), -EINVAL);
    assert_int_equal(posix_pwrite64(0, fd, P("X"), 1, 1), 1);
    assert_int_equal(posix_lseek(0, fd, 0, SEEK_CUR), 7);
    assert_int_equal(posix_fcntl(0, fd, F_SETFL, O_APPEND), 0);
    assert_int_equal(posix_write(0, fd, P("end"), 3), 3);
    assert_int_equal(posix_lseek(0, fd, 0, SEEK_CUR), 12);
    assert_int_equal(posix_ftruncate(0, fd, 2), 0);
    assert_int_equal(posix_ftruncate(0, fd, (uint64_t)-1), -EINVAL);
    must_hold("/v", "aX", 2);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_int_equal(process_run(vector_body), 0);
}

static void path_body(void)
{
    static char longest[FS_PATH_MAX + 10];
    char buffer[200];
    uint64_t fd = (uint64_t)must_fd("/hello.txt", O_RDONLY), dir = (uint64_t)must_fd("/dir", O_DIRECTORY);
    assert_int_equal(posix_open(0, P("/none"), O_RDONLY, 0), -ENOENT);
    assert_int_equal(posix_open(0, P(""), O_RDONLY, 0), -ENOENT);
    assert_int_equal(posix_open(0, BAD, O_RDONLY, 0), -EFAULT);
    assert_int_equal(posix_open(0, P("/hello.txt/x"), O_RDONLY, 0), -ENOTDIR);
    assert_int_equal(posix_open(0, P("/dir"), O_WRONLY, 0), -EISDIR);
    assert_int_equal(posix_open(0, P("/hello.txt"), O_DIRECTORY, 0), -ENOTDIR);
    assert_int_equal(posix_open(0, P("/link"), O_NOFOLLOW, 0), -ELOOP);
    assert_int_equal(posix_open(0, P("/hello.txt"), O_CREAT | O_EXCL, 0), -EEXIST);
    memset(longest, '/', sizeof longest - 1);
    assert_int_equal(posix_open(0, P(longest), O_RDONLY, 0), -ENAMETOOLONG);
    assert_int_equal(posix_openat(0, fd, P("x"), O_RDONLY, 0), -ENOTDIR);
    assert_int_equal(posix_openat(0, 1, P("x"), O_RDONLY, 0), -ENOTDIR);
    assert_int_equal(posix_openat(0, 62, P("x"), O_RDONLY, 0), -EBADF);
    assert_int_equal(posix_openat(0, 62, P("/none"), O_RDONLY, 0), -ENOENT); /* absolute: no directory needed */
    assert_true(posix_openat(0, dir, P("hard"), O_RDONLY, 0) > 0);
    assert_int_equal(posix_chdir(0, P("/hello.txt")), -ENOTDIR);
    assert_int_equal(posix_fchdir(0, fd), -ENOTDIR);
    assert_int_equal(posix_chdir(0, P("/dir/sub")), 0);
    assert_int_equal(posix_getcwd(0, P(buffer), 8), -ERANGE);
    assert_int_equal(posix_getcwd(0, P(buffer), 9), 9);
    assert_string_equal(buffer, "/dir/sub");
    assert_int_equal(posix_getcwd(0, BAD, 100), -EFAULT);
    assert_int_equal(posix_access(0, P("deep.txt"), 0), 0);
    assert_int_equal(posix_fchdir(0, dir), 0);
    assert_int_equal(posix_getcwd(0, P(buffer), 200), 5);
    assert_int_equal(posix_chdir(0, P("/")), 0);
    assert_int_equal(posix_getcwd(0, P(buffer), 2), 2);
    assert_int_equal(posix_readlink(0, P("/link"), P(buffer), 200), 16);
    assert_int_equal(posix_readlink(0, P("/link"), P(buffer), 5), 5);
    assert_int_equal(posix_readlink(0, P("/hello.txt"), P(buffer), 5), -EINVAL);
    assert_int_equal(posix_readlink(0, P("/link"), BAD, 5), -EFAULT);
    assert_int_equal(posix_stat(0, P("/hello.txt"), BAD), -EFAULT);
    assert_int_equal(posix_unlink(0, P("/dir")), -EISDIR);
    assert_int_equal(posix_rmdir(0, P("/dir")), -ENOTEMPTY);
    assert_int_equal(posix_rename(0, P("/none"), P("/x")), -ENOENT);
    assert_int_equal(posix_renameat2(0, (uint64_t)AT_FDCWD, P("/link"), (uint64_t)AT_FDCWD, P("/x"), 1), -EINVAL);
    assert_int_equal(posix_getdents64(0, fd, P(buffer), 200), -ENOTDIR);
    assert_int_equal(posix_getdents64(0, dir, P(buffer), 10), -EINVAL);
    assert_int_equal(posix_getdents64(0, dir, BAD, 200), -EFAULT);
    assert_true(posix_getdents64(0, dir, P(buffer), 200) > 0);
}

static void test_paths(void **state)
{
    (void)state;
    assert_int_equal(process_run(path_body), 0);
}

static void memory_body(void)
{
    uint64_t fd = (uint64_t)must_fd("/dir/hard", O_RDWR), reader = (uint64_t)must_fd("/hello.txt", O_RDONLY);
    int64_t at;
    char text[12];
    assert_int_equal(posix_mmap(0, 0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0), -EINVAL);
    assert_int_equal(posix_mmap(0, 0, 4096, PROT_READ, MAP_ANONYMOUS, 0, 0), -EINVAL);
    assert_int_equal(posix_mmap(0, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 5), -EINVAL);
    assert_int_equal(posix_mmap(0, 0, 4096, PROT_READ, MAP_PRIVATE, 1, 0), -ENODEV);
    assert_int_equal(posix_mmap(0, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0), -EACCES);
    assert_int_equal(posix_mmap(0, 0, UINT64_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0), -EINVAL);
    assert_int_equal(posix_mmap(0, 0, (uint64_t)1 << 40, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0), -ENOMEM);
    at = posix_mmap(0, 0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_in_range(at, HOST_SPACE_LOW, HOST_SPACE_HIGH);
    assert_int_equal(env_copy_in(text, (uint64_t)at, 12), 0);
    assert_memory_equal(text, "hello world\n", 12);
    assert_int_equal(env_copy_out((uint64_t)at, "HELLO", 5), 0);
    assert_int_equal(posix_close(0, fd), 0); /* the mapping keeps the file */
    assert_int_equal(posix_msync(0, (uint64_t)at + 1, 4096, 0), -EINVAL);
    assert_int_equal(posix_read(0, reader, (uint64_t)at + 4096, 12), 12);
    assert_int_equal(posix_mprotect(0, (uint64_t)at, 8192, PROT_READ), 0);
    assert_int_equal(posix_read(0, reader, (uint64_t)at, 12), 0); /* at its end */
    assert_int_equal(posix_lseek(0, reader, 0, SEEK_SET), 0);
    assert_int_equal(posix_read(0, reader, (uint64_t)at, 12), -EFAULT);
    assert_int_equal(posix_munmap(0, (uint64_t)at, 8192), 0);
    must_hold("/hello.txt", "HELLO world\n", 12);
    /* left mapped, for the end of the process to write back */
    fd = (uint64_t)must_fd("/dir/hard", O_RDWR);
    at = posix_mmap(0, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_int_equal(env_copy_out((uint64_t)at + 6, "WORLD", 5), 0);
}

static void test_memory(void **state)
{
    (void)state;
    assert_int_equal(process_run(memory_body), 0);
    must_hold("/hello.txt", "HELLO WORLD\n", 12);
}

static void console_body(void)
{
    char text[10];
    struct linux_stat s;
    assert_int_equal(posix_write(0, 1, P("out"), 3), 3);
    assert_int_equal(posix_write(0, 1, BAD, 3), -EFAULT);
    host_console_input("in");
    assert_int_equal(posix_read(0, 0, P(text), 10), 2);
    assert_int_equal(posix_fcntl(0, 0, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(posix_read(0, 0, P(text), 10), -EAGAIN);
    assert_int_equal(posix_fstat(0, 0, P(&s)), 0);
    assert_int_equal(s.mode & S_IFMT, S_IFCHR);
    assert_int_equal(posix_lseek(0, 0, 0, SEEK_SET), -ESPIPE);
    assert_int_equal(posix_ioctl(0, 0, 1, 2), -ENOTTY);
    assert_int_equal(posix_unsupported(499), -ENOSYS);
    assert_int_equal(posix_unsupported(499), -ENOSYS);
}

static void test_console(void **state)
{
    (void)state;
    char text[100];
    host_console_output(text, sizeof text);
    assert_int_equal(process_run(console_body), 0);
    size_t n = host_console_output(text, sizeof text - 1);
    text[n] = 0;
    assert_string_equal(text, "outTOLL1 enosys 499 unknown\n");
}

static void usage_read(uint64_t *counts)
{
    memset(counts, 0xff, WIRE_USAGES * sizeof *counts);
    assert_int_equal(posix_toll_usage(0, P(counts), 1000), WIRE_USAGES);
}

static void usage_body(void)
{
    uint64_t before[WIRE_USAGES], now[WIRE_USAGES];
    int fds[2];
    usage_read(before);
    assert_true(before[WIRE_USAGE_PROCESSES] >= 1);
    assert_true(before[WIRE_USAGE_THREADS] >= 1);
    assert_true(before[WIRE_USAGE_DESCRIPTORS] >= 3);
    assert_true(before[WIRE_USAGE_FRAMES_POSIX] > 0 && before[WIRE_USAGE_FRAMES_FS] > 0);
    assert_int_equal(before[WIRE_USAGE_NET_RESENT], 1); /* as kernels/host/net.c has them */
    assert_int_equal(before[WIRE_USAGE_NET_BAD], 2);
    assert_int_equal(before[WIRE_USAGE_NET_DROPPED], 3);
    must_pipe(fds, 0);
    usage_read(now);
    assert_int_equal(now[WIRE_USAGE_DESCRIPTORS], before[WIRE_USAGE_DESCRIPTORS] + 2);
    assert_int_equal(posix_close(0, (uint64_t)fds[0]), 0);
    assert_int_equal(posix_close(0, (uint64_t)fds[1]), 0);
    usage_read(now);
    assert_memory_equal(now, before, sizeof now);
    assert_int_equal(posix_toll_usage(0, P(now), 1), 1); /* no more than are wanted */
    assert_int_equal(posix_toll_usage(0, BAD, 2), -EFAULT);
}

static void test_usage(void **state)
{
    (void)state;
    assert_int_equal(process_run(usage_body), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POSIX_TEST(test_limits),  POSIX_TEST(test_limits_change_nothing),
        POSIX_TEST(test_fds),     POSIX_TEST(test_vectors),
        POSIX_TEST(test_paths),   POSIX_TEST(test_memory),
        POSIX_TEST(test_console), POSIX_TEST(test_usage),
    };
    host_threads_init();
    return cmocka_run_group_tests_name("posix", tests, posix_open_group, fixture_close) + tests_exec() + tests_pipe() +
           tests_wait() + tests_socket() + tests_socket_end() + tests_epoll() + tests_lock();
}
