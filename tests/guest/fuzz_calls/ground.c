/* SPDX-License-Identifier: MIT */
/* ground.c: the memory and the descriptors that random calls are let loose on. */
#include "fuzz_calls/fuzz.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct fuzz fuzz;

/* Behind it comes a page that nobody may touch, for a call may rightly fill all that follows its pointer. */
static char *map(uint64_t bytes, int access)
{
    char *at = mmap(NULL, bytes + FUZZ_PAGE, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        toll_check(false, "no memory for the test itself: %s", strerror(errno));
        exit(toll_done());
    }
    mprotect(at + bytes, FUZZ_PAGE, PROT_NONE);
    return at;
}

void fuzz_memory_init(void)
{
    fuzz.region = map(FUZZ_REGION, PROT_READ | PROT_WRITE);
    fuzz.arena = map(FUZZ_ARENA, PROT_READ | PROT_WRITE);
    fuzz.zeros = map(FUZZ_PAGE, PROT_READ);
    fuzz.readonly = map(FUZZ_PAGE, PROT_READ);
    fuzz.edge = map(FUZZ_PAGE, PROT_READ | PROT_WRITE);
}

static int file_open(const char *name, int flags)
{
    char path[96];

    snprintf(path, sizeof path, "%s/%s", fuzz.directory, name);
    return open(path, flags, 0644);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void socket_name(struct sockaddr_in *name, uint16_t port)
{
    *name =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* fds[8] a listener, [9] connected to it, [10] takes datagrams, [11] a set of files: none of them where there is no
   network.  Their names lie where random pointers point. */
static void sockets_renew(void)
{
    struct sockaddr_in name;

    socket_name(&name, FUZZ_PORT);
    memcpy(fuzz.arena, &name, sizeof name);
    if (!is_open(fuzz.fds[8])) {
        fuzz.fds[8] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        bind(fuzz.fds[8], (struct sockaddr *)&name, sizeof name);
        listen(fuzz.fds[8], 4);
    }
    if (!is_open(fuzz.fds[9])) {
        fuzz.fds[9] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fuzz.fds[9], (struct sockaddr *)&name, sizeof name);
    }
    if (!is_open(fuzz.fds[10])) {
        fuzz.fds[10] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        bind(fuzz.fds[10], (struct sockaddr *)&name, sizeof name);
    }
    if (!is_open(fuzz.fds[11]))
        fuzz.fds[11] = epoll_create1(0);
}

/* fds[0..1] files, [2] a directory, [3..4] a pipe, [5] never open, [6] read-only, [7] write-only and appending. */
void fuzz_files_renew(void)
{
    int pair[2];

    mkdir(fuzz.directory, 0755);
    if (!is_open(fuzz.fds[0]))
        fuzz.fds[0] = file_open("mapped", O_RDWR | O_CREAT);
    if (!is_open(fuzz.fds[1]))
        fuzz.fds[1] = file_open("a", O_RDWR | O_CREAT);
    if (!is_open(fuzz.fds[2]))
        fuzz.fds[2] = open(fuzz.directory, O_RDONLY | O_DIRECTORY);
    if ((!is_open(fuzz.fds[3]) || !is_open(fuzz.fds[4])) && pipe2(pair, O_NONBLOCK) == 0) {
        close(fuzz.fds[3]);
        close(fuzz.fds[4]);
        fuzz.fds[3] = pair[0];
        fuzz.fds[4] = pair[1];
    }
    fuzz.fds[5] = -1;
    if (!is_open(fuzz.fds[6]))
        fuzz.fds[6] = open("/data/read.bin", O_RDONLY);
    if (!is_open(fuzz.fds[7]))
        fuzz.fds[7] = file_open("log", O_WRONLY | O_CREAT | O_APPEND);
    sockets_renew();
    if (fuzz.fds[0] >= 0 && !fuzz.file_map && ftruncate(fuzz.fds[0], (off_t)FUZZ_FILE_MAP) == 0) {
        char *at = mmap(map(FUZZ_FILE_MAP, PROT_READ), FUZZ_FILE_MAP, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                        fuzz.fds[0], 0);
        fuzz.file_map = at == MAP_FAILED ? fuzz.arena : at;
    }
}

void fuzz_files_close_others(void)
{
    for (int fd = 3; fd < FUZZ_FD_LIMIT; fd++) {
        bool own = false;
        for (unsigned i = 0; i < FUZZ_FDS; i++)
            own |= fuzz.fds[i] == fd;
        if (!own)
            close(fd);
    }
}

void fuzz_files_no_wait(void)
{
    for (unsigned i = 0; i < FUZZ_FDS; i++)
        if (fuzz.fds[i] >= 0)
            fcntl(fuzz.fds[i], F_SETFL, fcntl(fuzz.fds[i], F_GETFL) | O_NONBLOCK);
}
