/* SPDX-License-Identifier: MIT */
/*
 * files.c: the file server's requests answered in the kernel, by the same object that answers them in a server
 * (micro/server/fs.c), in the thread of whoever calls.  No page table is loaded, and data is copied once: between the
 * cache and the memory that the caller offers as its payload.
 *
 * The server is a loop and so answers one request after the other; here callers take turns, also while one waits for
 * the disk.
 */
#include "alloc.h"
#include "base/errno.h"
#include "blk.h"
#include "fs.h"
#include "machine/cpu.h"
#include "machine/layout.h"
#include "micro/call.h"
#include "micro/compose.h"
#include "micro/endpoint.h"
#include "micro/server/server.h"

#define CACHE_SHARE 4 /* the file cache may take a quarter of the kernel's memory */

/* What a server's page with the kernel is used for here: the words in memory of the reply. */
struct domain_info user_info;

bool server_fault_seen;
static struct {
    uaddr_t start;
    uint64_t bytes;
} payload; /* of the request being served */
static struct mutex turn;

uaddr_t server_buffer(uint64_t client, uint64_t bytes)
{
    (void)client;
    (void)bytes;
    server_fault_seen = false;
    return payload.start;
}

static bool range_is_good(uaddr_t address, uint64_t n)
{
    uint64_t offset = address - payload.start;

    return offset <= payload.bytes && n <= payload.bytes - offset;
}

/* The kernel brings in no pages: the caller is told that some were missing. */
static int copied(int error)
{
    server_fault_seen |= error != 0;
    return error;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    return copied(range_is_good(src, n) ? call_copy_in(dst, src, n) : -EFAULT);
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    return copied(range_is_good(dst, n) ? call_copy_out(dst, src, n) : -EFAULT);
}

int env_clear_out(uaddr_t dst, size_t n)
{
    uint64_t left = n;

    if (range_is_good(dst, n)) {
        cpu_user_begin();
        left = trap_clear((void *)dst, n);
        cpu_user_end();
    }
    return copied(left ? -EFAULT : 0);
}

/* What the caller offers, if it can be memory of ring 3: the caller may write other words there at any time. */
static void payload_set(const struct tcb *self)
{
    uint64_t start = self->message->payload, bytes = self->message->payload_bytes;
    bool good = self->tag & MICRO_TAG_PAYLOAD && bytes <= USER_END && start <= USER_END - bytes;

    payload.start = start;
    payload.bytes = good ? bytes : 0;
}

static void serve(struct tcb *self)
{
    struct registers *r = self->regs;
    struct message m = {.from = self->badge, .tag = self->tag, .word = {r->r10, r->r8, r->r9, r->rax}};

    sched_mutex_lock(&turn);
    payload_set(self);
    fs_serve(&m);
    for (unsigned i = 0; i < MICRO_TAG_WORDS(m.tag); i++)
        self->message->words[i] = MESSAGE_MORE[i];
    sched_mutex_unlock(&turn);
    *r = (struct registers){.rdx = m.tag, .r10 = m.word[0], .r8 = m.word[1], .r9 = m.word[2], .rax = m.word[3]};
}

struct endpoint *compose_service(void)
{
    sched_mutex_init(&turn);
    if (blk_init() == 0 && fs_mount((uint32_t)(alloc_total_pages() / CACHE_SHARE)) < 0)
        env_log("the disk has no file system that can be mounted");
    return endpoint_make_service(serve);
}

void compose_end(void)
{
    sched_mutex_lock(&turn);
    fs_serve_end();
}
