/* SPDX-License-Identifier: MIT */
/*
 * abandon: an application of the microkernel that leaves without a word, while it has files open that have no name any
 * more: its page says that it takes no exceptions, and then there is one; or it ends the machine past its library.
 * Nothing of them may stay on the disk.
 *
 *   how=fault, end
 */
#include "machine/domain.h"
#include "micro/micro.h"
#include "raw.h"
#include "toll.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILES 8
#define FILE_BYTES 65536

static int file_make(unsigned n)
{
    static char bytes[FILE_BYTES];
    char name[16];
    int fd;

    snprintf(name, sizeof name, "gone%u", n);
    fd = open(name, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, bytes, sizeof bytes) != sizeof bytes || unlink(name) < 0)
        return -1;
    return fd;
}

/* One is closed but mapped. */
int main(int argc, char **argv)
{
    struct domain_info *info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
    char *mapped;
    int fd = 0;

    toll_main(argc, argv, "abandon");
    for (unsigned n = 0; n < FILES; n++)
        toll_check((fd = file_make(n)) >= 0, "file %u cannot be made", n);
    mapped = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    toll_check(mapped != MAP_FAILED, "a file cannot be mapped");
    mapped[0] = 1;
    close(fd);
    fsync(fd - 1);
    if (strcmp(toll_arg("how", "fault"), "end") == 0)
        raw(MICRO_END, 0, 0, 0, 0, 0, 0);
    info->upcall_entry = 0;
    __asm__ volatile("ud2");
    return toll_done();
}
