/* SPDX-License-Identifier: MIT */
/*
 * intruder.c: a domain of the microkernel that tries all that it must not be able to do.  It takes the place of each
 * server and of the library, with all that the composition (kernels/micro/compose.c) gives those, so all of them try at
 * once.  Then each answers messages, but the last one, which makes an end of itself by a fault; the library looks that
 * the others are still there, and ends the machine.
 *
 * Where the command line asks for no network its two domains are not there, and nobody has any of what they share.
 */
#include "intruder.h"
#include "base/format.h"
#include "base/panic.h"
#include "base/string.h"
#include "machine/domain.h"
#include "machine/layout.h"
#include "micro/handle.h"
#include "micro/micro.h"
#include "micro/protocol.h"
#include "pager.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BIT(n) (1u << (n))
#define DOMAINS 8u
#define EBADF 9
#define EPERM 1
#define EINVAL 22
#define EINTR 4
#define SCRATCH 0x100000000000ull
#define COM1 0x3f8u
#define LINE_BYTES 200
#define TAG_STRANGER 1 /* the reply to who should not be able to ask */

static struct domain_info *info;
static unsigned self, attempts, failures;

/* What the composition gives: handles, whose memory is seen in a window, the program's file; what may be done with the
   process that is HANDLE_APP; who may ask this domain. */
static struct {
    uint32_t handles, windows;
    bool program;
    uint32_t process, callers;
} given[DOMAINS] = {
    [DOMAIN_LIBRARY] = {BIT(HANDLE_FS) | BIT(HANDLE_CONSOLE) | BIT(HANDLE_MEM) | BIT(HANDLE_ECHO) | BIT(HANDLE_NET),
                        BIT(DOMAIN_FS) | BIT(DOMAIN_CONSOLE) | BIT(DOMAIN_ECHO) | BIT(DOMAIN_NET), true, 0, 0},
    [DOMAIN_FS] = {BIT(HANDLE_BLK), BIT(DOMAIN_MEM) | BIT(DOMAIN_LIBRARY), false, 0,
                   BIT(DOMAIN_LIBRARY) | BIT(DOMAIN_MEM)},
    [DOMAIN_BLK] = {BIT(HANDLE_IRQ), BIT(DOMAIN_FS), false, 0, BIT(DOMAIN_FS)},
    [DOMAIN_CONSOLE] = {BIT(HANDLE_IRQ) | BIT(HANDLE_APP), BIT(DOMAIN_LIBRARY), false, 0, BIT(DOMAIN_LIBRARY)},
    [DOMAIN_MEM] = {BIT(HANDLE_FS) | BIT(HANDLE_APP), BIT(DOMAIN_FS), true, HANDLE_GIVES | HANDLE_SPACES,
                    BIT(DOMAIN_LIBRARY)},
    [DOMAIN_ECHO] = {BIT(HANDLE_APP), BIT(DOMAIN_LIBRARY), false, HANDLE_GIVES, BIT(DOMAIN_LIBRARY)},
    [DOMAIN_NET] = {BIT(HANDLE_NIC) | BIT(HANDLE_APP), BIT(DOMAIN_LIBRARY), false, 0, BIT(DOMAIN_LIBRARY)},
    [DOMAIN_NIC] = {BIT(HANDLE_IRQ) | BIT(HANDLE_APP), BIT(DOMAIN_NET), false, HANDLE_GIVES, BIT(DOMAIN_NET)},
};
#define GIVEN_ALL (BIT(HANDLE_SELF) | BIT(HANDLE_PROCESS) | BIT(HANDLE_SPACE) | BIT(HANDLE_MACHINE))

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return intruder_call(number, a, b, c, d);
}

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    int n;

    va_start(args, format);
    n = format_text_args(line, sizeof line - 1, format, args);
    va_end(args);
    line[n++] = '\n';
    call(MICRO_LOG, (uint64_t)line, (uint64_t)n, 0, 0);
}

_Noreturn void env_panic(const char *message)
{
    say("TOLL1 panic %s", message);
    for (;;)
        continue;
}

/* Counts an attempt; stopped: whether it came to nothing. */
static void attempt(bool stopped, const char *what, uint64_t which)
{
    attempts++;
    if (stopped)
        return;
    failures++;
    say("TOLL1 done intruder fail domain %u: %s %lx", self, what, (unsigned long)which);
}

static bool has_network(void)
{
    return strstr(info->command_line, "ip=") != NULL;
}

static void network_forget(void)
{
    for (unsigned i = 0; i < DOMAINS; i++) {
        given[i].handles &= ~(BIT(HANDLE_NET) | BIT(HANDLE_NIC));
        given[i].windows &= ~(BIT(DOMAIN_NET) | BIT(DOMAIN_NIC));
    }
}

static bool has_device(void)
{
    return self == DOMAIN_BLK || self == DOMAIN_NIC;
}

/* ---- memory ---- */

static void memory_try(uint64_t address, const char *what)
{
    attempt(!intruder_probe(address, PROBE_READ), what, address);
    attempt(!intruder_probe(address, PROBE_WRITE), what, address);
    attempt(!intruder_probe(address, PROBE_JUMP), what, address);
}

static void domain_try(unsigned other)
{
    static const uint64_t places[] = {DOMAIN_IMAGE, DOMAIN_IMAGE + 0x1000, DOMAIN_INFO,   DOMAIN_DONE,
                                      DOMAIN_RAM,   DOMAIN_RAM + 0x100000, DOMAIN_WINDOW, DOMAIN_DEVICE};

    for (unsigned i = 0; i < COUNT(places); i++)
        memory_try(DOMAIN_BASE((uint64_t)other) + places[i], "memory of another domain");
}

static void windows_try(void)
{
    uint64_t base = DOMAIN_BASE((uint64_t)self);

    for (unsigned other = 0; other < DOMAINS; other++) {
        uint64_t window = base + DOMAIN_WINDOW + WINDOW_OFFSET(other);
        if (!(given[self].windows & BIT(other)))
            memory_try(window, "a window that was not given");
        else
            attempt(!intruder_probe(window, PROBE_JUMP), "running what a window holds", window);
    }
}

static void own_try(void)
{
    uint64_t base = DOMAIN_BASE((uint64_t)self);

    attempt(!intruder_probe(base + DOMAIN_IMAGE, PROBE_WRITE), "writing to own text", 0);
    attempt(!intruder_probe(base + DOMAIN_RAM, PROBE_JUMP), "running own memory", 0);
    attempt(!intruder_probe(base + DOMAIN_INFO, PROBE_JUMP), "running own page", 0);
    attempt(!intruder_probe(PROGRAM_BASE, PROBE_WRITE), "writing to the program's file", 0);
    if (!given[self].program)
        memory_try(PROGRAM_BASE, "the program's file");
    if (!has_device())
        memory_try(base + DOMAIN_DEVICE, "a device");
    attempt(intruder_probe(base + DOMAIN_RAM, PROBE_READ), "reading own memory", 0);
}

static void kernel_try(void)
{
    static const uint64_t places[] = {
        IMAGE_BASE + 0x200000,    DIRECT_BASE,  DIRECT_BASE + 0x200000, DIRECT_BASE + 0x1000000,
        DEVICE_BASE + 0xfee00000, TABLE_WINDOW, 0x800000000000,         -4096ull};

    for (unsigned i = 0; i < COUNT(places); i++)
        memory_try(places[i], "memory of the kernel");
}

/* ---- handles ---- */

static bool refused(int64_t result)
{
    return result == -EBADF || result == -EPERM;
}

static void handle_try(uint64_t h)
{
    static const uint16_t calls[] = {
        MICRO_CALL,     MICRO_WAIT,    MICRO_REPLY_WAIT,  MICRO_NOTE_SIGNAL,  MICRO_NOTE_WAIT,    MICRO_NOTE_BIND,
        MICRO_IRQ_BIND, MICRO_IRQ_ACK, MICRO_HANDLE_GIVE, MICRO_HANDLE_CLOSE, MICRO_SPACE_MAKE,   MICRO_SPACE_ENTER,
        MICRO_MAP,      MICRO_UNMAP,   MICRO_PROTECT,     MICRO_THREAD_MAKE,  MICRO_THREAD_START, MICRO_EVENT};

    for (unsigned i = 0; i < COUNT(calls); i++) {
        bool message = calls[i] < MICRO_MESSAGES;
        int64_t result = message ? intruder_message(calls[i], h, 0).rdi
                                 : call(calls[i], h, SCRATCH, DOMAIN_BASE((uint64_t)self) + DOMAIN_RAM, 0);
        attempt(refused(result), "a call through a handle that was not given", h << 8 | calls[i]);
    }
    attempt(refused(call(MICRO_HANDLE_GIVE, HANDLE_PROCESS, h, 0, 0)), "giving a handle that was not given", h);
    attempt(refused(call(MICRO_MAP, h, SCRATCH, DOMAIN_BASE((uint64_t)self) + DOMAIN_RAM, PAGER_READ)), "a space", h);
}

static void handles_try(void)
{
    uint32_t have = given[self].handles | GIVEN_ALL;

    for (uint64_t h = 1; h < HANDLES_MAX; h++)
        if (h >= 32 || !(have & BIT(h)))
            handle_try(h);
    handle_try(HANDLES_MAX);
    handle_try(1u << 16);
    handle_try(-1ull);
}

/* A handle of one kind is good for nothing else, and without the right to receive nobody does. */
static void kinds_try(void)
{
    static const uint16_t of_space[] = {MICRO_NOTE_SIGNAL, MICRO_IRQ_ACK, MICRO_THREAD_START, MICRO_EVENT};

    for (unsigned i = 0; i < COUNT(of_space); i++)
        attempt(refused(call(of_space[i], HANDLE_SPACE, 0, 0, 0)), "a space as something else", of_space[i]);
    for (uint64_t h = HANDLE_FS; h <= HANDLE_NIC; h++)
        if (given[self].handles & BIT(h) && h != HANDLE_APP)
            attempt(refused(intruder_message(MICRO_WAIT, h, 0).rdi), "receiving at another's endpoint", h);
}

/* What may be done with a process, if it can be named, and with a copy of that handle. */
static void process_try(uint64_t process, uint32_t may)
{
    if (!(may & HANDLE_GIVES))
        attempt(call(MICRO_HANDLE_GIVE, process, HANDLE_SELF, 0, 0) == -EPERM, "giving a handle to process", process);
    if (!(may & HANDLE_SPACES))
        attempt(call(MICRO_SPACE_MAKE, process, 0, 0, 0) == -EPERM, "a space of process", process);
}

static void processes_try(void)
{
    int64_t copy = call(MICRO_HANDLE_GIVE, HANDLE_PROCESS, HANDLE_PROCESS, 0, 0);

    attempt(copy > 0, "no copy of a handle:", (uint64_t)copy);
    process_try((uint64_t)copy, 0);
    attempt(call(MICRO_EVENT, (uint64_t)copy, 0, 0, 0) == 0, "no event through a copy", (uint64_t)copy);
    call(MICRO_HANDLE_CLOSE, (uint64_t)copy, 0, 0, 0);
    if (given[self].handles & BIT(HANDLE_APP))
        process_try(HANDLE_APP, given[self].process);
}

/* Mapping what is not one's own: others' memory, the kernel's, devices. */
static void maps_try(void)
{
    uint64_t base = DOMAIN_BASE((uint64_t)self);
    uint64_t not_own[] = {IMAGE_BASE + 0x200000,
                          DIRECT_BASE,
                          DEVICE_BASE + 0xfee00000,
                          base + DOMAIN_DEVICE,
                          base + DOMAIN_IMAGE,
                          base + DOMAIN_INFO,
                          TABLE_WINDOW,
                          0};

    for (unsigned i = 0; i < COUNT(not_own); i++)
        for (unsigned n = MICRO_MAP; n <= MICRO_GRANT; n++)
            attempt(call(n, HANDLE_SPACE, SCRATCH, not_own[i], PAGER_READ) == -EPERM, "mapping", not_own[i]);
    for (unsigned other = 0; other < DOMAINS; other++)
        if (other != self)
            attempt(call(MICRO_MAP, HANDLE_SPACE, SCRATCH, DOMAIN_BASE((uint64_t)other) + DOMAIN_RAM, PAGER_READ) ==
                        -EPERM,
                    "mapping memory of domain", other);
    attempt(call(MICRO_MAP, HANDLE_SPACE, PROGRAM_BASE, base + DOMAIN_RAM, PAGER_READ) == -EINVAL, "mapping to above",
            0);
    attempt(call(MICRO_MAP, HANDLE_SPACE, SCRATCH, PROGRAM_BASE, PAGER_WRITE) == -EPERM, "writing the program's file",
            0);
}

/* ---- ports and instructions ---- */

static bool port_own(unsigned port)
{
    return self == DOMAIN_CONSOLE && port >= COM1 && port < COM1 + 8;
}

static void ports_try(void)
{
    static const uint16_t ports[] = {0,        0x20, 0x21,     0x40,     0x60,  0x64,  0x70, 0x71,  0x80,  0x92,  0xa1,
                                     COM1 - 1, COM1, COM1 + 5, COM1 + 8, 0xcf8, 0xcfc, 0xf4, 0x510, 0x604, 0xffff};

    for (unsigned i = 0; i < COUNT(ports); i++) {
        if (port_own(ports[i]))
            continue;
        attempt(!intruder_port(ports[i], false), "port", ports[i]);
        attempt(!intruder_port(ports[i], true), "port", ports[i]);
        attempt(call(MICRO_PORT_IN, ports[i], 1, 0, 0) == -EPERM, "port by call", ports[i]);
        attempt(call(MICRO_PORT_IN, ports[i], 4, 0, 0) == -EPERM, "port by call", ports[i]);
        attempt(call(MICRO_PORT_OUT, ports[i], 1, 0, 0) == -EPERM, "port by call", ports[i]);
    }
    for (unsigned offset = has_device() ? MICRO_PORT_CONFIG_BYTES : 0; offset < 3 * MICRO_PORT_CONFIG_BYTES;
         offset += 4)
        attempt(call(MICRO_PORT_IN, MICRO_PORT_CONFIG + offset, 4, 0, 0) == -EPERM, "a device's configuration", offset);
}

static void instructions_try(void)
{
    for (unsigned i = 0; intruder_instructions[i]; i++)
        attempt(!intruder_do(intruder_instructions[i]), "privileged instruction", i);
}

/* ---- afterwards ---- */

/* Says with its reply whether the caller was one that may be. */
static _Noreturn void serve(void)
{
    struct intruder_reply r = intruder_message(MICRO_WAIT, HANDLE_SELF, 0);

    while (r.rdi >= 0) {
        bool known = r.rdi < (int64_t)DOMAINS && given[self].callers & BIT(r.rdi);
        r = intruder_message(MICRO_REPLY_WAIT, HANDLE_SELF, known ? 0 : TAG_STRANGER);
    }
    say("TOLL1 done intruder fail domain %u: waiting gave %ld", self, (long)r.rdi);
    for (;;)
        call(MICRO_SLEEP, -1ull, 0, 0, 0);
}

/* A fault that nobody takes, while a caller waits for the second reply.  The first one's operation is the number of a
   note that the caller is given. */
static _Noreturn void perish(void)
{
    intruder_message(MICRO_WAIT, HANDLE_SELF, 0);
    int64_t note = call(MICRO_NOTE_MAKE, 0, 0, 0, 0);
    note = call(MICRO_HANDLE_GIVE, HANDLE_APP, (uint64_t)note, MICRO_NOTE_WAITS, 0);
    intruder_message(MICRO_REPLY_WAIT, HANDLE_SELF, (uint64_t)note);
    info->upcall_entry = 0;
    intruder_probe(DIRECT_BASE, PROBE_WRITE);
    say("TOLL1 done intruder fail domain %u lives on", self);
    for (;;)
        call(MICRO_YIELD, 0, 0, 0, 0);
}

/* Both by the handle and by a copy that was to have another's badge the server sees who asks. */
static void ask(uint64_t server)
{
    struct intruder_reply r = intruder_message(MICRO_CALL, server, 0);
    int64_t copy;

    attempt(r.rdi == 0, "no answer from", server);
    attempt(r.tag == 0, "a stranger to", server);
    copy = call(MICRO_HANDLE_GIVE, HANDLE_PROCESS, server, DOMAIN_ECHO, 0);
    attempt(copy > 0, "no copy of a handle:", (uint64_t)copy);
    r = intruder_message(MICRO_CALL, (uint64_t)copy, 0);
    attempt(r.rdi == 0 && r.tag == 0, "a badge of its own for", server);
}

/* Of the one that answers once only: its note. */
static uint64_t note_ask(void)
{
    struct intruder_reply r = intruder_message(MICRO_CALL, HANDLE_ECHO, 0);

    attempt(r.rdi == 0, "no answer from", HANDLE_ECHO);
    attempt(call(MICRO_NOTE_BIND, r.tag, 0, 0, 0) == 0, "not bound: note", r.tag);
    return r.tag;
}

/* The others have come to their ends when they answer, and one answers no more; what it has given, and this one has
   bound to its thread, goes on. */
static _Noreturn void judge(void)
{
    static const uint8_t alive[] = {HANDLE_FS, HANDLE_CONSOLE, HANDLE_MEM, HANDLE_NET};
    uint64_t note = note_ask();
    int64_t result;

    for (unsigned i = 0; i < COUNT(alive); i++)
        if (alive[i] != HANDLE_NET || has_network())
            ask(alive[i]);
    for (unsigned i = 0; i < 2; i++) {
        result = intruder_message(MICRO_CALL, HANDLE_ECHO, 0).rdi;
        attempt(result == -EINTR, "an answer from the dead:", (uint64_t)result);
    }
    attempt(intruder_message(MICRO_CALL, HANDLE_FS, 0).rdi == 0, "no answer from", HANDLE_FS);
    attempt(call(MICRO_NOTE_SIGNAL, note, 5, 0, 0) == 0, "gone with who made it: note", note);
    attempt(call(MICRO_NOTE_WAIT, note, 0, 0, 0) == 5, "no bits of note", note);
    say("TOLL1 done intruder %s", failures ? "fail" : "ok");
    call(MICRO_END, failures != 0, 0, 0, 0);
    for (;;)
        continue;
}

_Noreturn void home_entry(void)
{
    info = (struct domain_info *)intruder_info();
    self = info->domain;
    if (!has_network())
        network_forget();
    info->upcall_stack = (uint64_t)user_stack_top;
    info->upcall_entry = (uint64_t)intruder_upcall;
    for (unsigned other = 0; other < DOMAINS; other++)
        if (other != self)
            domain_try(other);
    windows_try();
    own_try();
    kernel_try();
    handles_try();
    kinds_try();
    processes_try();
    maps_try();
    ports_try();
    instructions_try();
    say("TOLL1 value attempts_%u attempts %u", self, attempts);
    say("TOLL1 value failures_%u attempts %u", self, failures);
    if (self == DOMAIN_ECHO)
        perish();
    if (self != DOMAIN_LIBRARY)
        serve();
    judge();
}
