/* SPDX-License-Identifier: MIT */
/*
 * fuzz_kernel: random calls of the kernel itself, by the SYSCALL instruction, from a hostile process: around the C
 * library and around whatever library the process has.  The kernel must stay up and keep its word: registers that
 * survive a call, nothing of its own in the others.
 *
 *   kernel=exo, micro   the process makes the calls itself.  With mode=tame (default) they are such that it can go on
 *                       afterwards: it must still work then.  With mode=wild they are any, and it may be ended by them;
 *                       with servers=1 servers are asked for what they keep for it, too.  With network=1 that of
 *                       the network is asked, too (kernel=micro).
 *   kernel=mono         hostile children make the calls
 *   calls=N seed=N      trace=FIRST prints every call from that one on
 */
#include "fuzz_kernel/fuzz.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KERNEL_LOW 0xffff800000000000ull
#define ERROR_MAX 4096ull

bool fuzz_wild, fuzz_servers, fuzz_network;
static uint64_t refused, errors_distinct, leaks;
static bool errors_seen[ERROR_MAX];

static bool is_error(uint64_t v)
{
    return v > -ERROR_MAX;
}

/* A value that looks like an address of the kernel, and was not given to it in this call. */
static bool is_leak(uint64_t v, const struct regs *asked)
{
    const uint64_t *given = &asked->rdi;

    if (v < KERNEL_LOW || is_error(v))
        return false;
    for (unsigned i = 0; i < sizeof *asked / sizeof *given; i++)
        if (v == given[i])
            return false;
    return true;
}

static void answer_check(const struct regs *asked, const struct regs *got)
{
    const uint64_t *out = &got->rdi;

    if (asked->rbx != got->rbx || asked->rbp != got->rbp || asked->r12 != got->r12 || asked->r13 != got->r13 ||
        asked->r14 != got->r14 || asked->r15 != got->r15)
        toll_check(false, "call %llu does not keep the registers that survive calls", (unsigned long long)asked->rdi);
    for (unsigned i = 0; i < sizeof *got / sizeof *out; i++)
        if (is_leak(out[i], asked)) {
            leaks++;
            toll_check(false, "call %llu leaves %#llx in register %u", (unsigned long long)asked->rdi,
                       (unsigned long long)out[i], i);
        }
    if (is_error(got->rax)) {
        refused++;
        errors_distinct += !errors_seen[-got->rax];
        errors_seen[-got->rax] = true;
    }
}

static void trace_say(const struct kernel *kernel, uint64_t index, const struct regs *r)
{
    char line[200];
    int n = snprintf(line, sizeof line, "%llu: %llu(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx)\n",
                     (unsigned long long)index, (unsigned long long)r->rdi, (unsigned long long)r->rsi,
                     (unsigned long long)r->rdx, (unsigned long long)r->r10, (unsigned long long)r->r8,
                     (unsigned long long)r->r9, (unsigned long long)r->rax);

    kernel->say(line, (uint64_t)n);
}

static void calls_make(const struct kernel *kernel, uint64_t calls, uint64_t trace)
{
    struct regs asked, got;

    for (uint64_t i = 0; i < calls; i++) {
        for (uint64_t *r = &asked.rdi; r <= &asked.r15; r++)
            *r = fuzz_word();
        kernel->draw(&asked);
        if (i >= trace)
            trace_say(kernel, i, &asked);
        got = asked;
        raw_call(&got);
        answer_check(&asked, &got);
        kernel->seen(&asked, &got);
    }
}

/* What is sent comes back. */
static void network_check(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(4711), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    char word[8] = "";

    toll_check(s >= 0 && bind(s, (struct sockaddr *)&at, sizeof at) == 0, "no socket can be bound any more");
    toll_check(sendto(s, "echo", 4, 0, (struct sockaddr *)&at, sizeof at) == 4 && recv(s, word, sizeof word, 0) == 4 &&
                   strcmp(word, "echo") == 0,
               "a datagram does not come back any more");
    close(s);
}

/* The process still works: its library, its memory, its files, its sockets. */
static void self_check(void)
{
    static char bytes[4096];
    int fd = open("/data/read.bin", O_RDONLY);

    toll_check(fd >= 0 && read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes, "a file cannot be read any more");
    close(fd);
    for (unsigned i = 0; i < 3; i++)
        usleep(1000);
    if (fuzz_network)
        network_check();
}

static void kernel_run(const struct kernel *kernel, uint64_t calls)
{
    self_check();
    kernel->begin();
    calls_make(kernel, calls, toll_arg_number("trace", UINT64_MAX));
    if (fuzz_wild)
        kernel->end();
    kernel->finish();
    self_check();
    toll_value("calls_refused", "calls", refused);
    toll_value("errors_distinct", "errors", errors_distinct);
    toll_check(leaks == 0, "%llu registers had something of the kernel's", (unsigned long long)leaks);
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "fuzz_kernel");
    const char *name = toll_arg("kernel", "mono");
    uint64_t calls = toll_arg_number("calls", 100000), seed = toll_arg_number("seed", 1);

    fuzz_seed(seed);
    fuzz_wild = strcmp(toll_arg("mode", "tame"), "wild") == 0;
    fuzz_servers = fuzz_wild && toll_arg_number("servers", 0);
    fuzz_network = toll_arg_number("network", 0);
    if (toll_arg("peer", NULL))
        return processes_child();
    if (strcmp(name, kernel_exo.name) == 0)
        kernel_run(&kernel_exo, calls);
    else if (strcmp(name, kernel_micro.name) == 0)
        kernel_run(&kernel_micro, calls);
    else
        processes_run(calls, seed);
    toll_output(&calls, sizeof calls);
    return toll_done();
}
