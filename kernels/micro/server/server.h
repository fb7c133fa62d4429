/* SPDX-License-Identifier: MIT */
/* server.h: what servers have alike: the loop that answers messages, interrupts, the client's buffer. */
#ifndef TOLL_MICRO_SERVER_H
#define TOLL_MICRO_SERVER_H

#include "env.h"
#include "micro/client/message.h"
#include "micro/protocol.h"

#define SERVER_CLIENTS 8 /* badges are the clients' domain numbers, below this */

/* First of all: memory, the data path. */
void server_init(void);

/* What is to be done when an interrupt's handler has run. */
void server_after_interrupt(void (*after)(void));

/* What is to be done before the machine ends; it may call other servers. */
void server_before_end(void (*last)(void));

/* The bits of the note that others may signal. */
#define NOTE_OTHERS 0xffffff00

/* The note that is bound to the thread: one of those that it names by handles, or 0, which makes one.  Its handle. When
   some of NOTE_OTHERS is signalled, noted is called with these bits. */
int64_t server_note(uint64_t note, void (*noted)(uint64_t bits));

/* The note has bits: runs the interrupt's handler and lets the next one come. */
void server_noted(uint64_t bits);

/* Answers messages for ever.  serve changes a request into its reply and returns true, or false to reply later
   (MICRO_REPLY_KEEP). */
static inline _Noreturn void server_run(bool (*serve)(struct message *m))
{
    struct message m = {0};
    uint64_t number = MICRO_WAIT;

    for (;;) {
        message_exchange(number, HANDLE_SELF, &m);
        number = MICRO_WAIT;
        if (__builtin_expect(m.tag & MICRO_TAG_NOTE, 0))
            server_noted(m.from);
        else if (__builtin_expect((int64_t)m.from >= 0, 1) && serve(&m))
            number = MICRO_REPLY_WAIT;
    }
}

/* copy.c: the memory of the client whose request is served, to which env_copy_* have access: its window, bytes of it;
   or its payload.  Returns its address for them. */
uaddr_t server_buffer(uint64_t client, uint64_t bytes);

/* Another caller's payload than the one received last (MICRO_REPLY_KEEP); until the next server_buffer. */
void server_payload_of(uint64_t reply);

/* Whether the kernel could not copy some of the payload since server_buffer. */
extern bool server_fault_seen;

/* fs.c: changes a request to the file server into its reply; true, always. */
bool fs_serve(struct message *m);

/* Closes what clients have open, for no more requests will come, and unmounts. */
void fs_serve_end(void);

#endif
