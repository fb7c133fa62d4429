/* SPDX-License-Identifier: MIT */
/* mappings.c: which pages of shared file mappings go back to their file, and which must not. */
#include "races/races.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH "tmp/races_mapped"

static int fd;

static char *map(int descriptor, int access)
{
    char *page = mmap(NULL, RACES_PAGE, access, MAP_SHARED, descriptor, 0);

    if (page == MAP_FAILED) {
        toll_check(false, "a file cannot be mapped: errno %d", errno);
        return NULL;
    }
    return page;
}

static char in_file(void)
{
    char byte = 0;

    toll_check(pread(fd, &byte, 1, 0) == 1, "the file cannot be read");
    return byte;
}

/* Read through the mapping, then written through the descriptor: the page is not newer than the file. */
static void only_read(void)
{
    char *page = map(fd, PROT_READ | PROT_WRITE);

    if (!page)
        return;
    toll_check(*(volatile char *)page == 'A', "the mapping does not show the file");
    toll_check(pwrite(fd, "B", 1, 0) == 1, "the file cannot be written");
    munmap(page, RACES_PAGE);
    toll_check(in_file() == 'B', "a page that was only read went over what was written since");
}

/* Written, then protected: it is still to be written back. */
static void written_then_protected(void)
{
    char *page = map(fd, PROT_READ | PROT_WRITE);

    if (!page)
        return;
    page[0] = 'C';
    toll_check(mprotect(page, RACES_PAGE, PROT_READ) == 0, "a mapping cannot be protected");
    toll_check(page[0] == 'C', "a protected page lost what was written to it");
    munmap(page, RACES_PAGE);
    toll_check(in_file() == 'C', "what was written before the mapping was protected is lost");
}

/* Written, synced, written through the descriptor: clean pages do not go back a second time. */
static void written_then_synced(void)
{
    char *page = map(fd, PROT_READ | PROT_WRITE);

    if (!page)
        return;
    page[0] = 'D';
    toll_check(msync(page, RACES_PAGE, MS_SYNC) == 0 && in_file() == 'D', "msync does not write the page");
    toll_check(pwrite(fd, "E", 1, 0) == 1, "the file cannot be written");
    munmap(page, RACES_PAGE);
    toll_check(in_file() == 'E', "a page that was synced went over what was written since");
}

static void open_for_reading(void)
{
    int reader = open(PATH, O_RDONLY);
    char *page = map(reader, PROT_READ);

    if (page)
        toll_check(mprotect(page, RACES_PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES,
                   "a shared mapping of a file that is open for reading can be made writable");
    close(reader);
}

/* A process writes to a shared mapping and becomes another program. */
static void kept_by_exec(void)
{
    pid_t child = races_start("keeper");
    char text[4] = "";

    if (child == 0)
        return;
    toll_check(races_wait(child) == 0, "a child with a shared mapping cannot exec");
    int kept = open("tmp/races_keeper", O_RDONLY);
    toll_check(read(kept, text, sizeof text) == sizeof text && memcmp(text, "kept", sizeof text) == 0,
               "what was written before an exec is lost");
    close(kept);
}

void races_mappings(void)
{
    fd = open(PATH, O_RDWR | O_CREAT | O_TRUNC, 0644);
    toll_check(fd >= 0 && write(fd, "A", 1) == 1, "a file cannot be made");
    only_read();
    written_then_protected();
    written_then_synced();
    open_for_reading();
    kept_by_exec();
    close(fd);
}
