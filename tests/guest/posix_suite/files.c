/* SPDX-License-Identifier: MIT */
/* files.c: descriptors and regular files. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

static char buffer[20000];

static void reading(void)
{
    int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0640);

    CALL(fd);
    CALL(open("f", O_RDWR | O_CREAT | O_EXCL, 0640));
    CALL(open("missing", O_RDONLY));
    CALL(open("", O_RDONLY));
    CALL(open("f/below", O_RDONLY));
    CALL(open("f", O_RDONLY | O_DIRECTORY));
    CALL(open(".", O_WRONLY));
    CALL(write(fd, "hello, world", 12));
    CALL(read(fd, buffer, 10));
    CALL(lseek(fd, 0, SEEK_CUR));
    CALL(lseek(fd, -5, SEEK_END));
    CALL(read(fd, buffer, 10));
    suite_line("read '%.5s'", buffer);
    CALL(pread(fd, buffer, 5, 0));
    CALL(pread(fd, buffer, 5, 10));
    CALL(pread(fd, buffer, 5, 12));
    CALL(pread(fd, buffer, 5, 1000));
    CALL(pread(fd, buffer, 5, -1));
    CALL(read(fd, buffer, 0));
    CALL(read(fd, NOWHERE, 5));
    CALL(pread(fd, NOWHERE, 5, 0));
    CALL(pread(fd, NOWHERE, 5, 100));
    CALL(write(fd, NOWHERE, 5));
    CALL(lseek(fd, -1, SEEK_SET));
    CALL(lseek(fd, 0, 9));
    CALL(lseek(fd, 3, SEEK_SET));
    CALL(lseek(fd, 4, SEEK_CUR));
    CALL(read(-1, buffer, 1));
    CALL(write(99, buffer, 1));
    CALL(close(fd));
    CALL(close(fd));
    CALL(read(fd, buffer, 1));
    CALL(lseek(fd, 0, SEEK_SET));
}

static void writing(void)
{
    struct stat st;
    int fd = open("f", O_WRONLY | O_APPEND), other = open("f", O_RDONLY);

    CALL(write(fd, "+more", 5));
    CALL(lseek(fd, 0, SEEK_CUR));
    CALL(read(fd, buffer, 1));
    CALL(write(other, buffer, 1));
    CALL(pwrite(other, buffer, 1, 0));
    CALL(ftruncate(other, 1));
    CALL(fstat(other, &st));
    suite_line("size %ld mode %o links %ld", (long)st.st_size, st.st_mode, (long)st.st_nlink);
    CALL(ftruncate(fd, 4));
    CALL(ftruncate(fd, 6));
    CALL(read(other, buffer, 100));
    TRUTH(memcmp(buffer, "hell\0\0", 6) == 0);
    CALL(ftruncate(fd, -1));
    CALL(close(fd));
    fd = open("f", O_RDWR | O_TRUNC);
    CALL(fstat(other, &st));
    suite_line("size %ld", (long)st.st_size);
    CALL(pwrite(fd, "x", 1, 100000));
    CALL(pwrite(fd, "x", 1, -1));
    CALL(pread(fd, buffer, 10, 50000));
    TRUTH(buffer[0] == 0 && buffer[9] == 0);
    CALL(fsync(fd));
    CALL(fdatasync(fd));
    CALL(fsync(-1));
    CALL(truncate("f", 7));
    CALL(truncate("missing", 7));
    CALL(truncate(".", 7));
    CALL(close(fd));
    CALL(close(other));
    fd = creat("created", 0666);
    CALL(fd);
    CALL(fchmod(fd, 0600));
    CALL(fstat(fd, &st));
    suite_line("mode %o", st.st_mode);
    CALL(chmod("created", 04711));
    CALL(stat("created", &st));
    suite_line("mode %o", st.st_mode);
    CALL(chmod("missing", 0600));
    CALL(close(fd));
    CALL(unlink("created"));
}

static void large(void)
{
    int fd = open("large", O_RDWR | O_CREAT, 0644);
    unsigned sum = 0;

    for (unsigned i = 0; i < sizeof buffer; i++)
        buffer[i] = (char)(i % 251);
    for (unsigned i = 0; i < 40; i++)
        sum += (unsigned)(write(fd, buffer, sizeof buffer) == (long)sizeof buffer);
    CALL(sum);
    CALL(lseek(fd, 0, SEEK_END));
    CALL(pread(fd, buffer, 251, 20000 * 30 + 3));
    TRUTH(buffer[0] == 3 && buffer[247] == (char)250 && buffer[248] == 0);
    CALL(pread(fd, buffer, 10000, 799000));
    CALL(unlink("large"));
    CALL(pread(fd, buffer, 1, 799999));
    CALL(close(fd));
    CALL(access("large", F_OK));
}

static void duplicates(void)
{
    int fd = open("f", O_RDWR), copy = dup(fd);

    CALL(write(fd, "abcdef", 6));
    CALL(lseek(copy, 0, SEEK_CUR));
    CALL(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
    CALL(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    TRUTH((fcntl(copy, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) == (O_RDWR | O_APPEND | O_NONBLOCK));
    CALL(fcntl(fd, F_GETFD));
    CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
    CALL(fcntl(fd, F_GETFD));
    CALL(fcntl(copy, F_GETFD));
    CALL(fcntl(fd, F_DUPFD, 20));
    CALL(fcntl(fd, F_DUPFD, 20));
    CALL(fcntl(fd, F_DUPFD_CLOEXEC, 30));
    CALL(fcntl(30, F_GETFD));
    CALL(fcntl(fd, F_DUPFD, -1));
    CALL(fcntl(fd, 4711, 0));
    CALL(fcntl(99, F_GETFD));
    CALL(dup2(fd, 25));
    CALL(dup2(fd, fd));
    CALL(dup2(99, 25));
    CALL(dup2(fd, -1));
    CALL(dup3(fd, fd, 0));
    CALL(dup3(fd, 26, O_CLOEXEC));
    CALL(fcntl(26, F_GETFD));
    CALL(syscall(SYS_dup3, fd, 26, 1));
    CALL(dup(99));
    for (int i = 20; i <= 30; i++)
        close(i);
    CALL(close(copy));
    CALL(lseek(fd, 0, SEEK_CUR));
    CALL(isatty(fd));
    CALL(close(fd));
}

static void vectors(void)
{
    struct iovec v[3] = {{"one ", 4}, {"", 0}, {"three", 5}};
    char a[3], b[20];
    struct iovec in[2] = {{a, sizeof a}, {b, sizeof b}};
    struct iovec bad[2] = {{a, sizeof a}, {NOWHERE, 5}};
    int fd = open("v", O_RDWR | O_CREAT | O_TRUNC, 0644);

    CALL(writev(fd, v, 3));
    CALL(lseek(fd, 0, SEEK_SET));
    CALL(readv(fd, in, 2));
    suite_line("read '%.3s' '%.6s'", a, b);
    CALL(lseek(fd, 0, SEEK_SET));
    CALL(readv(fd, bad, 2));
    CALL(writev(fd, v, 0));
    CALL(writev(fd, v, 2000));
    CALL(writev(fd, NOWHERE, 1));
    CALL(close(fd));
    CALL(unlink("v"));
}

void suite_files(void)
{
    struct statfs fs;

    suite_line("# files");
    reading();
    writing();
    large();
    duplicates();
    vectors();
    CALL(statfs(".", &fs));
    TRUTH(fs.f_bsize > 0 && fs.f_blocks >= fs.f_bfree && fs.f_namelen == 255);
    CALL(statfs("missing", &fs));
    CALL(unlink("f"));
    CALL(unlink("f"));
}
