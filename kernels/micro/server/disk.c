/* SPDX-License-Identifier: MIT */
/*
 * disk.c: blk.h as messages to the driver.  Orders lie in this domain's memory, all of which the driver can reach: it
 * sees it, or it copies from and to it by the kernel (path=copy).
 */
#include "micro/server/disk.h"
#include "alloc.h"
#include "base/errno.h"
#include "blk.h"
#include "micro/client/client.h"

static struct blk_order *orders;                 /* BLK_ORDERS of them */
static struct blk_request *requests[BLK_ORDERS]; /* what each is in use for */
static uint64_t sectors;

static int64_t call(uint64_t op, uint64_t a, uint64_t *second)
{
    struct message m = {.tag = op | (client_copies ? MICRO_TAG_PAYLOAD : 0), .word = {a}};
    int64_t error;

    if (client_copies)
        message_payload(user_ram(), user_info.ram_bytes);
    error = message_call(HANDLE_BLK, &m);
    if (second)
        *second = m.word[1];
    return error ? error : (int64_t)m.word[0];
}

int disk_init(void)
{
    int64_t error = call(ASK_BLK_INIT, 0, &sectors);

    if (error) {
        sectors = 0;
        return (int)error;
    }
    orders = alloc_pages(2);
    return orders ? 0 : -ENOMEM;
}
_Static_assert(sizeof(struct blk_order) * BLK_ORDERS <= 4 * PAGE_BYTES, "disk_init");

uint64_t blk_sectors(void)
{
    return sectors;
}

/* Waits for some order in use; false if there is none. */
static bool order_wait(void)
{
    unsigned i = 0;

    while (i < BLK_ORDERS && !requests[i])
        i++;
    if (i == BLK_ORDERS)
        return false;
    blk_wait(requests[i]);
    return true;
}

static unsigned order_take(void)
{
    for (;;) {
        for (unsigned i = 0; i < BLK_ORDERS; i++)
            if (!requests[i])
                return i;
        order_wait();
    }
}

static void order_fill(struct blk_order *order, const struct blk_request *request)
{
    order->op = request->op;
    order->sector = request->sector;
    order->count = request->segment_count;
    for (unsigned i = 0; i < request->segment_count; i++) {
        order->segments[i].offset = (uint64_t)((char *)request->segments[i].data - user_ram());
        order->segments[i].bytes = request->segments[i].bytes;
    }
}

int blk_submit(struct blk_request *request)
{
    unsigned at;
    int64_t error;

    if (!orders || request->segment_count > BLK_SEGMENTS_MAX)
        return -EINVAL;
    at = order_take();
    order_fill(&orders[at], request);
    request->done = false;
    request->status = (int)at;
    do
        error = call(ASK_BLK_SUBMIT, (uint64_t)((char *)&orders[at] - user_ram()), NULL);
    while (error == -EAGAIN && order_wait());
    if (!error)
        requests[at] = request;
    return (int)error;
}

int blk_wait(struct blk_request *request)
{
    unsigned at = (unsigned)request->status;

    if (request->done)
        return request->status;
    request->status = (int)call(ASK_BLK_WAIT, (uint64_t)((char *)&orders[at] - user_ram()), NULL);
    request->done = true;
    requests[at] = NULL;
    return request->status;
}
