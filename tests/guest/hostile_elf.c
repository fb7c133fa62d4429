/* SPDX-License-Identifier: MIT */
/*
 * hostile_elf: executables that lie.  A small program that exits with 7 is made in memory and started from the disk;
 * then come mutations of its headers: fields at every border, segments that overlap, reach into the kernel's half, or
 * have sizes that no machine has.  Starting one may fail, run or kill the child; nothing else may happen, and
 * afterwards there must be as much memory as before.
 *
 *   count=N seed=N   trace=1 prints what each mutation came to
 */
#include "toll.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define BASE 0x500000ull
#define PATH "tmp/hostile"
#define SEGMENTS 3
#define TOUCH_BYTES (4u << 20) /* less than a 16 MiB machine has left, more than it would have after leaks */
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Text in page 0 with the headers, data in page 1, and memory without file behind it. */
static struct image {
    Elf64_Ehdr head;
    Elf64_Phdr segments[SEGMENTS];
    unsigned char code[PAGE - sizeof(Elf64_Ehdr) - SEGMENTS * sizeof(Elf64_Phdr)];
    unsigned char data[PAGE];
} good, bad;
_Static_assert(sizeof(struct image) == 2 * PAGE, "two pages");

/* exit_group(7), as toll's programs call: number in rdi, argument in rsi; before it a touch of the data, and behind it
   this program's own way to make a call, which does not depend on where it lies. */
static const unsigned char program[] = {0x8a, 0x04, 0x25, 0x00, 0x10, 0x50, 0x00, 0xbf, 0xe7,
                                        0x00, 0x00, 0x00, 0xbe, 0x07, 0x00, 0x00, 0x00};
extern const unsigned char os_syscall[];
#define STUB_BYTES 16 /* at least, of the longest */

static uint64_t state;

static uint64_t random_next(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33 ^ state << 31;
}

static uint64_t edge64(void)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     0x40,
                                     0xfff,
                                     0x1000,
                                     0x1001,
                                     0x2000,
                                     0x10000,
                                     BASE,
                                     BASE + PAGE,
                                     BASE + 0xfff,
                                     1ull << 31,
                                     1ull << 32,
                                     1ull << 40,
                                     1ull << 46,
                                     0x7ffffff00000 - PAGE,
                                     0x7ffffff00000,
                                     0x7ffffff00001,
                                     0x7fffffdf0000,
                                     0x7fffffffffff,
                                     1ull << 47,
                                     0x0000900000000000,
                                     0xffff800000000000,
                                     0xffffffff80200000,
                                     1ull << 63,
                                     INT64_MAX,
                                     -4096ull,
                                     -1ull};

    return random_next() % 4 ? edges[random_next() % COUNT(edges)] : random_next();
}

static uint16_t edge16(void)
{
    static const uint16_t edges[] = {0, 1, 2, 3, 4, 16, 17, 18, 56, 57, 62, 64, 0x7fff, 0x8000, 0xffff};

    return edges[random_next() % COUNT(edges)];
}

static void image_make(struct image *i)
{
    memcpy(i->head.e_ident, ELFMAG, SELFMAG);
    i->head.e_ident[EI_CLASS] = ELFCLASS64;
    i->head.e_ident[EI_DATA] = ELFDATA2LSB;
    i->head.e_ident[EI_VERSION] = EV_CURRENT;
    i->head.e_type = ET_EXEC;
    i->head.e_machine = EM_X86_64;
    i->head.e_version = EV_CURRENT;
    i->head.e_entry = BASE + offsetof(struct image, code);
    i->head.e_phoff = offsetof(struct image, segments);
    i->head.e_ehsize = sizeof i->head;
    i->head.e_phentsize = sizeof i->segments[0];
    i->head.e_phnum = SEGMENTS;
    i->segments[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, BASE, BASE, PAGE, PAGE, PAGE};
    i->segments[1] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, PAGE, BASE + PAGE, 0, PAGE, 3 * PAGE, PAGE};
    i->segments[2] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, 0, BASE + 16 * PAGE, 0, 0, 5 * PAGE, PAGE};
    memcpy(i->code, program, sizeof program);
    memcpy(i->code + sizeof program, os_syscall, STUB_BYTES);
    memset(i->data, 1, sizeof i->data);
}

static void mutate_segment(Elf64_Phdr *s)
{
    switch (random_next() % 8) {
    case 0:
        s->p_type = edge16();
        break;
    case 1:
        s->p_flags = edge16();
        break;
    case 2:
        s->p_offset = edge64();
        break;
    case 3:
        s->p_filesz = edge64();
        break;
    case 4:
        s->p_memsz = edge64();
        break;
    case 5: /* address and offset still agree within the page */
        s->p_vaddr = (edge64() & -PAGE) | (s->p_offset & (PAGE - 1));
        break;
    case 6:
        s->p_filesz = s->p_memsz = edge64();
        break;
    default:
        s->p_vaddr = edge64();
    }
}

static void mutate_head(Elf64_Ehdr *h)
{
    switch (random_next() % 8) {
    case 0:
        h->e_ident[random_next() % EI_NIDENT] ^= (unsigned char)(1u << random_next() % 8);
        break;
    case 1:
        h->e_type = edge16();
        break;
    case 2:
        h->e_machine = edge16();
        break;
    case 3:
        h->e_phoff = edge64();
        break;
    case 4:
        h->e_phnum = edge16();
        break;
    case 5:
        h->e_phentsize = edge16();
        break;
    default:
        h->e_entry = edge64();
    }
}

static void mutate(struct image *i)
{
    for (uint64_t n = 1 + random_next() % 3; n > 0; n--) {
        if (random_next() % 3 == 0)
            mutate_head(&i->head);
        else
            mutate_segment(&i->segments[random_next() % SEGMENTS]);
    }
}

static bool image_write(const struct image *i, size_t bytes)
{
    int fd = open(PATH, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    bool written = fd >= 0 && write(fd, i, bytes) == (ssize_t)bytes;

    close(fd);
    return written;
}

/* A child that is still there after a while is ended. */
static int child_wait(pid_t child)
{
    int status = -1;

    for (unsigned i = 0; i < 50; i++) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended != 0)
            return ended == child ? status : -1;
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    kill(child, SIGKILL);
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* The wait status of the program on the disk; -errno if it cannot be started. */
static int image_run(void)
{
    char *const argv[] = {PATH, "argument", NULL};
    pid_t child;
    int error = posix_spawn(&child, PATH, NULL, NULL, argv, argv);

    return error ? -error : child_wait(child);
}

static void check_good(const char *when)
{
    toll_check(image_write(&good, sizeof good), "%s: the program cannot be written: %s", when, strerror(errno));
    int status = image_run();
    toll_check(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7, "%s: the unharmed program ended with %d",
               when, status);
}

static void check_memory(const char *when)
{
    char *m = mmap(NULL, TOUCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    toll_check(m != MAP_FAILED, "%s: there is no memory left: %s", when, strerror(errno));
    if (m != MAP_FAILED)
        munmap(m, TOUCH_BYTES);
}

int main(int argc, char **argv)
{
    uint64_t ran = 0, refused = 0, died = 0;

    toll_main(argc, argv, "hostile_elf");
    uint64_t count = toll_arg_number("count", 1000), trace = toll_arg_number("trace", 0);
    state = toll_arg_number("seed", 1);
    image_make(&good);
    if (!image_write(&good, sizeof good))
        toll_skip("there is nowhere to write a program: %s", strerror(errno));
    if (image_run() == -ENOSYS)
        toll_skip("no processes here: nothing to load a program into");
    check_good("at first");
    check_memory("at first");
    for (uint64_t i = 0; i < count; i++) {
        bad = good;
        mutate(&bad);
        size_t bytes = random_next() % 16 == 0 ? random_next() % sizeof bad : sizeof bad;
        toll_check(image_write(&bad, bytes), "mutation %llu cannot be written", (unsigned long long)i);
        int status = image_run();
        if (trace)
            printf("%llu: %d\n", (unsigned long long)i, status);
        fflush(stdout);
        refused += status < 0;
        died += status >= 0 && WIFSIGNALED(status);
        ran += status >= 0 && WIFEXITED(status);
        toll_check(status >= 0 || status == -ENOEXEC || status == -ENOMEM || status == -EINVAL || status == -EFAULT,
                   "mutation %llu: error %d", (unsigned long long)i, -status);
    }
    check_memory("at last");
    check_good("at last");
    unlink(PATH);
    toll_value("programs_ran", "programs", ran);
    toll_value("programs_refused", "programs", refused);
    toll_value("programs_died", "programs", died);
    toll_check(ran && refused && died, "%llu ran, %llu were refused, %llu died: each should occur",
               (unsigned long long)ran, (unsigned long long)refused, (unsigned long long)died);
    toll_output(&count, sizeof count);
    return toll_done();
}
