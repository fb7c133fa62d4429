/* SPDX-License-Identifier: MIT */
/* payload.h: copies of what a caller offers with its call. */
#ifndef TOLL_MICRO_PAYLOAD_H
#define TOLL_MICRO_PAYLOAD_H

#include <stdint.h>

int64_t payload_call_read(uint64_t reply, uint64_t own, uint64_t offset, uint64_t n);
int64_t payload_call_write(uint64_t reply, uint64_t offset, uint64_t own, uint64_t n);

#endif
