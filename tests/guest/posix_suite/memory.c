/* SPDX-License-Identifier: MIT */
/* memory.c: mappings of memory and of files, the break. */
#include "posix_suite/suite.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

/* Whether the system can read a byte there: a mapping's permissions as a call sees them. */
static bool can_read(const char *at)
{
    int ends[2];
    bool yes = pipe(ends) == 0 && write(ends[1], at, 1) == 1;

    close(ends[0]);
    close(ends[1]);
    return yes;
}

static bool can_write(char *at)
{
    int ends[2];
    bool yes = pipe(ends) == 0 && write(ends[1], "w", 1) == 1 && read(ends[0], at, 1) == 1;

    close(ends[0]);
    close(ends[1]);
    return yes;
}

static void anonymous(void)
{
    char *m = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0), *again;

    TRUTH(m != MAP_FAILED && (uintptr_t)m % PAGE == 0);
    TRUTH(m[0] == 0 && m[5 * PAGE - 1] == 0);
    memset(m, 'm', 5 * PAGE);
    CALL(munmap(m + PAGE, PAGE));
    TRUTH(can_read(m) && !can_read(m + PAGE) && can_read(m + 2 * PAGE));
    CALL(munmap(m + PAGE, PAGE));
    CALL(mprotect(m, 3 * PAGE, PROT_READ));
    again = mmap(m + PAGE, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED, -1, 0);
    TRUTH(again == m + PAGE && *again == 0);
    CALL(mprotect(m, 3 * PAGE, PROT_READ));
    TRUTH(can_read(m) && !can_write(m) && !can_write(m + PAGE) && can_write(m + 3 * PAGE));
    CALL(mprotect(m, PAGE, PROT_NONE));
    TRUTH(!can_read(m));
    CALL(mprotect(m, PAGE, PROT_READ | PROT_WRITE));
    TRUTH(can_write(m) && m[0] == 'w' && m[1] == 'm');
    CALL(madvise(m + 3 * PAGE, PAGE, MADV_DONTNEED));
    TRUTH(m[3 * PAGE] == 0 && m[4 * PAGE] == 'm');
    CALL(syscall(SYS_mprotect, m + 1, PAGE, PROT_READ));
    CALL(munmap(m + 1, PAGE));
    CALL(munmap(m, 0));
    CALL(munmap(m, 5 * PAGE));
    TRUTH(mmap(NULL, 0, PROT_READ, ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    TRUTH(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    TRUTH(mmap((void *)(uintptr_t)0x10001, PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED &&
          errno == EINVAL);
    TRUTH(mmap(NULL, (size_t)1 << 62, PROT_READ, ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    m = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_POPULATE, -1, 0);
    TRUTH(m != MAP_FAILED && m[PAGE] == 0);
    CALL(munmap(m, 2 * PAGE));
}

/* Much address space with little in it must not take long to make, change and give back. */
static void sparse(void)
{
    const size_t bytes = (size_t)1 << 36;
    char *m = mmap(NULL, bytes, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);

    TRUTH(m != MAP_FAILED);
    CALL(mprotect(m + bytes / 2, PAGE, PROT_READ | PROT_WRITE));
    m[bytes / 2] = 1;
    CALL(mprotect(m, bytes / 4, PROT_READ));
    CALL(madvise(m, bytes, MADV_DONTNEED));
    TRUTH(m[bytes / 2] == 0);
    CALL(munmap(m, bytes));
}

static void files(void)
{
    char text[10] = "";
    int fd = open("map", O_RDWR | O_CREAT | O_TRUNC, 0644), reader;
    char *shared, *private;

    CALL(ftruncate(fd, 2 * PAGE + 100));
    CALL(pwrite(fd, "first", 5, 0));
    CALL(pwrite(fd, "third", 5, 2 * PAGE));
    private = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    shared = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUTH(shared != MAP_FAILED && private != MAP_FAILED);
    TRUTH(memcmp(private, "first", 5) == 0 && memcmp(shared + 2 * PAGE, "third", 5) == 0);
    TRUTH(shared[2 * PAGE + 100] == 0 && private[3 * PAGE - 1] == 0);
    memcpy(private, "mine!", 5);
    memcpy(shared + PAGE, "shared", 6);
    CALL(msync(shared, 3 * PAGE, MS_SYNC));
    CALL(pread(fd, text, 6, PAGE));
    suite_line("file: '%s'", text);
    CALL(pread(fd, text, 6, 0));
    suite_line("file: '%.5s'", text);
    memcpy(shared + 2 * PAGE, "again", 5);
    CALL(munmap(shared, 3 * PAGE));
    CALL(pread(fd, text, 5, 2 * PAGE));
    suite_line("file: '%.5s'", text);
    shared = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUTH(memcmp(shared + PAGE, "shared", 6) == 0);
    CALL(pread(fd, shared + PAGE, 5, 0)); /* the system writes to a page that nobody else has written to */
    CALL(munmap(shared, 3 * PAGE));
    CALL(pread(fd, text, 6, PAGE));
    suite_line("file: '%.6s'", text);
    CALL(lseek(fd, 0, SEEK_END));
    shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
    CALL(close(fd));
    TRUTH(memcmp(shared, "again", 5) == 0);
    CALL(munmap(shared, PAGE));
    CALL(munmap(private, 3 * PAGE));
    reader = open("map", O_RDONLY);
    TRUTH(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED && errno == EACCES);
    TRUTH(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reader, 1) == MAP_FAILED && errno == EINVAL);
    TRUTH(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED && errno == EBADF);
    CALL(close(reader));
    reader = open(".", O_RDONLY);
    TRUTH(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reader, 0) == MAP_FAILED && errno == ENODEV);
    CALL(close(reader));
    CALL(unlink("map"));
}

/* A file that is read into its own mapping. */
static void onto_itself(void)
{
    int fd = open("self", O_RDWR | O_CREAT | O_TRUNC, 0644);
    char *m;

    CALL(pwrite(fd, "0123456789", 10, 0));
    CALL(ftruncate(fd, 2 * PAGE));
    m = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CALL(pread(fd, m + PAGE, 10, 0));
    CALL(pwrite(fd, m, 10, 5));
    CALL(msync(m, 2 * PAGE, MS_SYNC));
    TRUTH(memcmp(m + PAGE, "0123456789", 10) == 0);
    CALL(munmap(m, 2 * PAGE));
    CALL(close(fd));
    CALL(unlink("self"));
}

static void the_break(void)
{
    long now = syscall(SYS_brk, 0l), next = now + 3 * PAGE;

    TRUTH(syscall(SYS_brk, next) == next);
    *(char *)(next - 1) = 1;
    TRUTH(syscall(SYS_brk, -1l) == next);
    TRUTH(syscall(SYS_brk, now) == now);
    TRUTH(!can_read((char *)(now + PAGE)));
    TRUTH(syscall(SYS_brk, next) == next && *(char *)(next - 1) == 0);
    TRUTH(syscall(SYS_brk, now) == now);
}

static void heap(void)
{
    char *blocks[64];
    unsigned good = 0;

    for (unsigned i = 0; i < 64; i++) {
        blocks[i] = malloc(1000 * (i + 1));
        memset(blocks[i], (int)i, 1000 * (i + 1));
    }
    for (unsigned i = 0; i < 64; i++) {
        good += blocks[i][0] == (char)i && blocks[i][1000 * i + 999] == (char)i;
        free(blocks[i]);
    }
    CALL(good);
}

void suite_memory(void)
{
    suite_line("# memory");
    anonymous();
    sparse();
    files();
    onto_itself();
    heap();
    the_break();
}
