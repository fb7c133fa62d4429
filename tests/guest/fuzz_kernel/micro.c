/* SPDX-License-Identifier: MIT */
/*
 * micro.c: calls of the microkernel.  The process has the handles of its library: tame calls close only those that they
 * have made, ask servers for what changes nothing, and wait for no longer than a moment.  The network's server, if
 * there is one, is asked for anything: its client has no sockets but those that the calls open.
 */
#include "micro/micro.h"
#include "fuzz_kernel/fuzz.h"
#include "machine/domain.h"
#include "micro/protocol.h"
#include "pager.h"

#define SCRATCH 0x100000000000ull
#define SCRATCH_PAGES 64u
#define SLOT 0u         /* of struct domain_message: that of the library's only thread */
#define GIVEN 200       /* in own: a copy of another handle */
#define SPACES_LIVE 4   /* those of mem, by number, that are needed */
#define DEADLY 1000     /* one in so many calls that could end the process */
#define NONSENSE 0x8000 /* in a tag: an operation that nobody has */

static struct domain_info *const info = (struct domain_info *)(DOMAIN_BASE(0) + DOMAIN_INFO);
static uint8_t own[HANDLES_MAX]; /* the call that made the handle, plus 1; 0: it is not ours */
static uint64_t own_space, upcall_entry, tls, thread_stack[64];

static int64_t call(uint64_t number, uint64_t a, uint64_t b)
{
    return raw(number, a, b, 0, 0, 0, 0);
}

static void begin(void)
{
    __asm__("mov %%fs:0, %0" : "=r"(tls));
    fuzz_touch();
    for (own_space = HANDLE_SPACE; own_space < HANDLES_MAX; own_space++)
        if (raw(MICRO_PROTECT, own_space, (uint64_t)fuzz_arena, PAGER_READ | PAGER_WRITE, 0, 0, 0) > 0)
            break;
    toll_check(own_space < HANDLES_MAX, "no space has this program");
    upcall_entry = info->upcall_entry;
    info->upcall_entry = 0;
}

/* What a thread that calls make does: it ends. */
__asm__(".text\n"
        ".globl thread_end_here\n"
        ".hidden thread_end_here\n"
        "thread_end_here:\n"
        "   mov $28, %edi\n"
        "   xor %esi, %esi\n"
        "   syscall\n"
        "   jmp thread_end_here\n");
extern char thread_end_here[];
_Static_assert(MICRO_THREAD_END == 28, "thread_end_here");

static uint64_t handle_own(unsigned made_by)
{
    unsigned start = (unsigned)fuzz_below(HANDLES_MAX);

    for (unsigned i = 0; i < HANDLES_MAX; i++) {
        unsigned n = (start + i) % HANDLES_MAX;
        if (own[n] && (!made_by || own[n] == made_by + 1))
            return n;
    }
    return HANDLES_MAX + fuzz_below(100);
}

static uint64_t handle_draw(unsigned made_by)
{
    if (fuzz_chance(12))
        return fuzz_word();
    return fuzz_chance(3) ? handle_own(0) : fuzz_chance(6) ? fuzz_below(HANDLES_MAX) : handle_own(made_by);
}

/* No more than can be done without harm to what the process needs. */
static uint64_t handle_harmless(uint64_t n)
{
    return fuzz_wild || n >= HANDLES_MAX || own[n] ? n : n + HANDLES_MAX;
}

static uint64_t deadline_draw(void)
{
    return fuzz_chance(2) ? fuzz_below(1000) : fuzz_below(1ull << 20);
}

static uint64_t buffer_draw(void)
{
    return fuzz_chance(3) ? fuzz_bad() : fuzz_memory();
}

static uint64_t tag_draw(unsigned operations)
{
    uint64_t tag = MICRO_TAG(fuzz_chance(4) ? fuzz_below(65536) : fuzz_below(operations),
                             fuzz_chance(4) ? fuzz_below(32) : fuzz_below(13));

    tag |= fuzz_chance(3) ? MICRO_TAG_PAYLOAD : 0;
    return fuzz_chance(8) ? tag | fuzz_word() << 16 : tag;
}

/* Words and memory that come with the message. */
static void message_fill(void)
{
    struct domain_message *m = &info->messages[SLOT];

    for (unsigned i = 0; i < sizeof m->words / sizeof *m->words; i++)
        m->words[i] = fuzz_chance(2) ? fuzz_below(64) : fuzz_word();
    m->payload = buffer_draw();
    m->payload_bytes = fuzz_chance(3) ? fuzz_word() : fuzz_below(3 * FUZZ_PAGE);
    m->deadline_ns = deadline_draw();
}

/* Sockets by number, addresses of this machine; what the server shows to the client may say anything. */
static void draw_network(struct regs *r)
{
    static const uint64_t addresses[] = {0, 0x7f000001, 0x0a00020f, 0x0a0002ff, UINT32_MAX};
    volatile char *shown = (char *)DOMAIN_BASE(0) + DOMAIN_WINDOW + WINDOW_OFFSET(DOMAIN_NET) + NET_SHOWN;

    r->rsi = HANDLE_NET;
    r->rdx = (r->rdx & ~0xffffull) | fuzz_below(ASK_NET_OPERATIONS + 2);
    r->r10 = fuzz_chance(16) ? fuzz_word() : fuzz_below(40);
    if (fuzz_chance(2))
        r->r8 = addresses[fuzz_below(sizeof addresses / sizeof *addresses)] << 16 | fuzz_below(20);
    else if (fuzz_chance(2))
        r->r8 = fuzz_below(2 * BUFFER_NET_BYTES);
    r->rax = fuzz_chance(2) ? NET_NOWHERE : r->r8;
    for (unsigned n = (unsigned)fuzz_below(4); n; n--)
        shown[fuzz_below(NET_SHOWN_BYTES)] = (char)fuzz_word();
}

/* Questions to servers.  fs: to look at what is there, or what cannot be; mem and console can take from the process
   what it needs, so they get nonsense only. */
static void draw_question(struct regs *r)
{
    static const uint8_t looks[] = {ASK_FS_READ,  ASK_FS_STAT,     ASK_FS_VOLUME, ASK_FS_BOOKS,
                                    ASK_FS_ENTRY, ASK_FS_READLINK, ASK_FS_SYNC};

    r->rsi = fuzz_chance(2) ? HANDLE_FS : fuzz_chance(2) ? HANDLE_ECHO : fuzz_chance(2) ? HANDLE_MEM : HANDLE_CONSOLE;
    r->rdx = tag_draw(ASK_FS_OPERATIONS + 2);
    if (fuzz_network && fuzz_chance(2)) {
        draw_network(r);
        return;
    }
    if (fuzz_servers)
        return;
    r->rdx &= ~0xffffull;
    if (r->rsi == HANDLE_FS)
        r->rdx |= fuzz_chance(3) ? ASK_FS_OPERATIONS + fuzz_below(1000) : looks[fuzz_below(sizeof looks)];
    else if (r->rsi == HANDLE_ECHO)
        r->rdx |= fuzz_chance(3) ? ASK_ECHO_OPERATIONS + fuzz_below(1000) : ASK_ECHO_COPY * fuzz_below(2);
    else
        r->rdx |= 100 + fuzz_below(1000);
}

/* Whose pager it is keeps spaces for it, the console whom it has not answered yet, and handle 0 is the pager's too. */
static bool may_keep(uint64_t handle)
{
    return handle == 0 || handle == HANDLE_MEM || handle == HANDLE_CONSOLE ||
           (handle < HANDLES_MAX && own[handle] == GIVEN);
}

static void draw_message(struct regs *r)
{
    message_fill();
    r->r10 = fuzz_chance(2) ? fuzz_below(64) : fuzz_word();
    r->r8 = fuzz_chance(2) ? fuzz_below(64) : fuzz_word();
    r->r9 = fuzz_chance(2) ? fuzz_below(5000) : fuzz_word();
    if (r->rdi == MICRO_CALL || r->rdi == MICRO_CALL_UNTIL) {
        draw_question(r);
        if (fuzz_chance(4))
            r->rsi = handle_harmless(handle_draw(MICRO_ENDPOINT_MAKE));
        if (may_keep(r->rsi) && !fuzz_servers)
            r->rdx |= NONSENSE;
        else if (may_keep(r->rsi) && r->r10 < SPACES_LIVE && !fuzz_chance(DEADLY))
            r->r10 += SPACES_LIVE;
        if (r->rsi < HANDLES_MAX && (own[r->rsi] || r->rsi == HANDLE_SELF || r->rsi == 0 || fuzz_wild))
            r->rdi = MICRO_CALL_UNTIL; /* who would answer? */
    } else if (r->rdi == MICRO_REPLY) {
        r->rsi = handle_draw(MICRO_REPLY_KEEP);
        r->rdx = tag_draw(10);
    } else {
        r->rdi = MICRO_WAIT_UNTIL;
        r->rsi = fuzz_chance(2) ? HANDLE_SELF : handle_draw(MICRO_ENDPOINT_MAKE);
    }
}

static uint64_t address_draw(void)
{
    uint64_t scratch = SCRATCH + fuzz_below(SCRATCH_PAGES) * FUZZ_PAGE;

    return fuzz_chance(8) ? fuzz_bad() : fuzz_chance(8) ? scratch + fuzz_below(FUZZ_PAGE) : scratch;
}

/* A page of the process's own memory, of others', of nobody. */
static uint64_t own_page_draw(void)
{
    uint64_t base = DOMAIN_BASE(fuzz_chance(4) ? fuzz_below(8) : 0);

    switch (fuzz_below(8)) {
    case 0:
        return fuzz_bad();
    case 1:
        return base + DOMAIN_WINDOW + fuzz_below(64) * FUZZ_PAGE;
    case 2:
        return base + DOMAIN_DEVICE + fuzz_below(4) * FUZZ_PAGE;
    case 3:
        return base + (fuzz_chance(2) ? DOMAIN_INFO : DOMAIN_IMAGE);
    case 4:
        return PROGRAM_BASE + fuzz_below(64) * FUZZ_PAGE;
    default:
        return base + DOMAIN_RAM + fuzz_below(info->ram_bytes / FUZZ_PAGE + 2) * FUZZ_PAGE;
    }
}

/* Granting its own memory away would leave the library without. */
static void draw_memory(struct regs *r)
{
    r->rsi = handle_draw(MICRO_SPACE_MAKE);
    if (!fuzz_wild && (r->rdi == MICRO_UNMAP || r->rdi == MICRO_PROTECT || r->rdi == MICRO_SPACE_ENTER))
        r->rsi = handle_harmless(r->rsi);
    r->rdx = address_draw();
    r->r10 = own_page_draw();
    r->r8 = fuzz_chance(10) ? fuzz_word() : fuzz_below(8);
    if (r->rdi == MICRO_PROTECT)
        r->r10 = r->r8;
    if (r->rdi == MICRO_SPACE_ENTER && r->rsi < HANDLES_MAX && !(fuzz_wild && fuzz_chance(DEADLY)))
        r->rsi = fuzz_chance(2) ? own_space : r->rsi + HANDLES_MAX;
    if (r->rdi == MICRO_GRANT && !fuzz_wild)
        r->r10 = fuzz_chance(2) ? fuzz_bad() : DOMAIN_BASE(1 + fuzz_below(7)) + DOMAIN_RAM;
}

static void draw_thread(struct regs *r)
{
    bool deadly = fuzz_wild && fuzz_chance(DEADLY); /* or there would be no more calls soon */
    uint64_t rip = deadly && fuzz_chance(2) ? buffer_draw() : (uint64_t)thread_end_here;

    if (r->rdi == MICRO_THREAD_MAKE) {
        r->rsi = fuzz_chance(2) ? own_space : handle_draw(MICRO_SPACE_MAKE);
        if (!deadly && r->rsi < HANDLES_MAX && (own[r->rsi] || r->rsi == HANDLE_SPACE))
            r->rsi = own_space; /* in an empty space nothing would run, and the process would end */
        r->rdx = rip;
        r->r10 = (uint64_t)(thread_stack + 64);
        r->r8 = fuzz_chance(6) ? fuzz_word() : 1 + fuzz_below(MESSAGE_THREADS + 1);
        r->r9 = fuzz_chance(2) ? 0 : handle_draw(MICRO_ENDPOINT_MAKE);
    } else {
        r->rsi = handle_harmless(handle_draw(MICRO_THREAD_MAKE));
        r->rdx = rip;
        r->r10 = (uint64_t)(thread_stack + 64);
    }
    if (r->rdi == MICRO_THREAD_END && r->rsi == 0) /* others may wait for ever */
        r->rsi = HANDLES_MAX;
}

static void draw_note(struct regs *r)
{
    r->rsi = handle_draw(MICRO_NOTE_MAKE);
    r->rdx = r->rdi == MICRO_NOTE_WAIT ? deadline_draw() : fuzz_word() >> 17;
    if (r->rdi == MICRO_IRQ_BIND) {
        r->rsi = handle_draw(0);
        r->rdx = handle_draw(MICRO_NOTE_MAKE);
    }
}

static void draw_give(struct regs *r)
{
    r->rsi = fuzz_chance(2) ? HANDLE_PROCESS : handle_draw(0);
    r->rdx = fuzz_chance(2) ? fuzz_below(20) : handle_draw(0);
    if (r->rdi == MICRO_HANDLE_CLOSE)
        r->rsi = handle_harmless(handle_own(0));
}

static void draw_text(struct regs *r)
{
    bool bad = fuzz_chance(2);

    r->rsi = bad ? fuzz_bad() : buffer_draw();
    r->rdx = fuzz_chance(4) ? fuzz_word() : fuzz_below(64);
    if (r->rdi == MICRO_LOG)
        r->rdx = bad ? 1 : 0;
}

static void draw_other(struct regs *r)
{
    switch (r->rdi) {
    case MICRO_PAYLOAD_READ:
    case MICRO_PAYLOAD_WRITE:
        r->rsi = handle_draw(MICRO_REPLY_KEEP);
        r->rdx = r->r10 = fuzz_chance(2) ? buffer_draw() : fuzz_below(8192);
        r->r8 = fuzz_below(8192);
        break;
    case MICRO_PORT_IN:
    case MICRO_PORT_OUT:
        r->rsi = fuzz_chance(2)   ? MICRO_PORT_CONFIG + 4 * fuzz_below(80)
                 : fuzz_chance(2) ? 0x3f8 + fuzz_below(8)
                                  : 0xf4;
        r->rdx = fuzz_chance(4) ? fuzz_word() : fuzz_chance(2) ? 1 : 4;
        break;
    case MICRO_SLEEP:
    case MICRO_ALARM:
        r->rsi = deadline_draw();
        break;
    case MICRO_EVENT:
        r->rsi = handle_draw(0);
        break;
    case MICRO_TLS:
        r->rsi = fuzz_chance(2) ? fuzz_memory() : fuzz_word() >> 17;
        break;
    }
}

static void draw(struct regs *r)
{
    r->rdi = fuzz_chance(20) ? fuzz_word() : fuzz_below(MICRO_CALLS + 2);
    if (r->rdi == MICRO_END)
        r->rdi = fuzz_wild && fuzz_chance(DEADLY) ? MICRO_END : MICRO_NULL;
    if (r->rdi < MICRO_MESSAGES)
        draw_message(r);
    else if (r->rdi >= MICRO_SPACE_MAKE && r->rdi <= MICRO_PROTECT)
        draw_memory(r);
    else if (r->rdi >= MICRO_THREAD_MAKE && r->rdi <= MICRO_THREAD_END)
        draw_thread(r);
    else if ((r->rdi >= MICRO_NOTE_MAKE && r->rdi <= MICRO_NOTE_BIND) || r->rdi == MICRO_IRQ_BIND ||
             r->rdi == MICRO_IRQ_ACK)
        draw_note(r);
    else if (r->rdi == MICRO_HANDLE_GIVE || r->rdi == MICRO_HANDLE_CLOSE)
        draw_give(r);
    else if (r->rdi == MICRO_LOG || r->rdi == MICRO_BOOKS)
        draw_text(r);
    else
        draw_other(r);
    if (r->rdi == MICRO_NOTE_BIND && !fuzz_wild)
        r->rsi = HANDLES_MAX; /* for good */
    if (r->rdi == MICRO_SPACE_MAKE)
        r->rsi = fuzz_chance(4) ? handle_draw(0) : HANDLE_PROCESS;
}

static bool makes(uint64_t number)
{
    return number == MICRO_REPLY_KEEP || number == MICRO_NOTE_MAKE || number == MICRO_ENDPOINT_MAKE ||
           number == MICRO_SPACE_MAKE || number == MICRO_THREAD_MAKE;
}

static void seen(const struct regs *asked, const struct regs *got)
{
    int64_t result = (int64_t)got->rax;

    if (result >= HANDLE_FIRST_FREE && result < HANDLES_MAX && makes(asked->rdi))
        own[result] = (uint8_t)(asked->rdi + 1);
    else if (result >= HANDLE_FIRST_FREE && result < HANDLES_MAX && asked->rdi == MICRO_HANDLE_GIVE)
        own[result] = GIVEN;
    else if (asked->rdi == MICRO_HANDLE_CLOSE && result == 0)
        own[asked->rsi] = 0;
    else if (asked->rdi == MICRO_TLS)
        call(MICRO_TLS, tls, 0);
}

static int64_t network_ask(uint64_t op, uint64_t socket)
{
    struct regs r = {.rdi = MICRO_CALL, .rsi = HANDLE_NET, .rdx = op, .r10 = socket};

    raw_call(&r);
    return r.rdi ? (int64_t)r.rdi : (int64_t)r.r10;
}

static void finish(void)
{
    for (unsigned i = 0; i < HANDLES_MAX; i++)
        if (own[i])
            call(MICRO_HANDLE_CLOSE, i, 0);
    for (uint64_t s = 0; fuzz_network && s < NET_SOCKETS_MAX; s++)
        network_ask(ASK_NET_CLOSE, s);
    toll_check(!fuzz_network || (network_ask(ASK_NET_BOOKS, 0) == 0 && info->messages[SLOT].words[0] == 0),
               "%llu sockets are left", (unsigned long long)info->messages[SLOT].words[0]);
    info->pending = EVENT_ALARM;
    info->upcall_entry = upcall_entry;
}

static void end(void)
{
    call(MICRO_END, 0, 0);
}

static void say(const char *text, uint64_t n)
{
    call(MICRO_LOG, (uint64_t)text, n);
}

const struct kernel kernel_micro = {"micro", begin, draw, seen, finish, end, say};
