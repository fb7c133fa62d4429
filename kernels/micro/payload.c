/* SPDX-License-Identifier: MIT */
/*
 * payload.c: copies between a server and the caller that waits for its reply, within the memory that the caller has
 * offered with its call.  The caller's side is reached by its page table; a page that is not there ends the copy, for
 * the kernel brings in no pages: callers touch what they offer first.
 */
#include "micro/payload.h"
#include "alloc.h"
#include "base/errno.h"
#include "machine/cpu.h"
#include "machine/home.h"
#include "machine/layout.h"
#include "machine/trap.h"
#include "micro/ipc.h"
#include "micro/memory.h"
#include "micro/micro.h"

/* One page's worth between the caller's memory and the running thread's. */
static int copy_part(char *theirs, uint64_t own, uint64_t n, bool in)
{
    uint64_t left;

    cpu_user_begin();
    left = in ? trap_copy((void *)own, theirs, n) : trap_copy(theirs, (const void *)own, n);
    cpu_user_end();
    BOOK_ADD(books[WIRE_BYTES_COPIED], n - left);
    return left ? -EFAULT : 0;
}

static int64_t copy(const struct tcb *caller, uint64_t address, uint64_t own, uint64_t n, bool in)
{
    int error = 0;

    for (uint64_t done = 0, step; done < n && !error; done += step) {
        char *theirs = memory_find(caller->table, address + done, in ? PAGER_READ : PAGER_WRITE);
        step = PAGE_BYTES - (address + done) % PAGE_BYTES;
        if (step > n - done)
            step = n - done;
        error = theirs ? copy_part(theirs, own + done, step, in) : -EFAULT;
    }
    return error;
}

static int64_t payload_copy(uint64_t reply, uint64_t own, uint64_t offset, uint64_t n, bool in)
{
    const struct tcb *caller = ipc_caller(tcb_running, reply);
    uint64_t address, bytes;

    if (!caller)
        return -ENOENT;
    address = caller->message->payload;
    bytes = caller->message->payload_bytes;
    if (!(caller->tag & MICRO_TAG_PAYLOAD) || n > MICRO_PAYLOAD_MAX || offset > bytes || n > bytes - offset)
        return -EINVAL;
    if (n > USER_END || own > USER_END - n || bytes > USER_END || address > USER_END - bytes)
        return -EFAULT;
    return copy(caller, address + offset, own, n, in);
}

int64_t payload_call_read(uint64_t reply, uint64_t own, uint64_t offset, uint64_t n)
{
    return payload_copy(reply, own, offset, n, true);
}

int64_t payload_call_write(uint64_t reply, uint64_t offset, uint64_t own, uint64_t n)
{
    return payload_copy(reply, own, offset, n, false);
}
