/* SPDX-License-Identifier: MIT */
/* cc.h: what lwIP wants to know of compiler and machine. */
#ifndef TOLL_NET_CC_H
#define TOLL_NET_CC_H

#include "base/panic.h"
#include <stddef.h>
#include <stdint.h>

#define BYTE_ORDER LITTLE_ENDIAN
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H 1

#define lwip_htons(x) ((u16_t)__builtin_bswap16(x))
#define lwip_htonl(x) ((u32_t)__builtin_bswap32(x))
#define MEMCPY(to, from, n) __builtin_memcpy(to, from, n)
#define SMEMCPY(to, from, n) __builtin_memcpy(to, from, n)

#define LWIP_PLATFORM_DIAG(x) ((void)0)
#define LWIP_PLATFORM_ASSERT(what) panic("lwip: %s", what)

void *net_memory_get(size_t bytes);
void *net_memory_get_array(size_t count, size_t bytes);
void net_memory_put(void *object);
uint32_t net_random(void);
#define LWIP_RAND net_random
uint16_t net_sum(const void *data, int bytes);

#endif
