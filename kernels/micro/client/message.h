/* SPDX-License-Identifier: MIT */
/* message.h: the microkernel's message calls as C sees them (micro.h, first shape). */
#ifndef TOLL_MICRO_CLIENT_MESSAGE_H
#define TOLL_MICRO_CLIENT_MESSAGE_H

#include "machine/domain.h"
#include "micro/micro.h"
#include "user/user.h"
#include <stdint.h>

/* A message: its tag and what travels in registers.  from: what came in rdi. */
struct message {
    uint64_t from, tag;
    uint64_t word[MESSAGE_REGISTERS];
};

/* The words in memory of the first thread's messages: words 4 and on. */
#define MESSAGE_MORE (user_info.messages[0].words)

/* Sends m and receives into m what comes for it. */
static inline void message_exchange(uint64_t number, uint64_t handle, struct message *m)
{
    register uint64_t r10 __asm__("r10") = m->word[0];
    register uint64_t r8 __asm__("r8") = m->word[1];
    register uint64_t r9 __asm__("r9") = m->word[2];
    uint64_t rdi = number, rsi = handle, rdx = m->tag, rax = m->word[3];

    __asm__ volatile("syscall"
                     : "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), "+a"(rax)::"rcx", "r11",
                       "memory");
    m->from = rdi;
    m->tag = rdx;
    m->word[0] = r10;
    m->word[1] = r8;
    m->word[2] = r9;
    m->word[3] = rax;
}

/* Calls an endpoint: what the kernel says of the call, 0 if there is a reply. */
static inline int64_t message_call(uint64_t handle, struct message *m)
{
    message_exchange(MICRO_CALL, handle, m);
    return (int64_t)m->from;
}

/* Memory that the callee may have copied. */
static inline void message_payload(const void *address, uint64_t bytes)
{
    user_info.messages[0].payload = (uint64_t)address;
    user_info.messages[0].payload_bytes = bytes;
}

#endif
