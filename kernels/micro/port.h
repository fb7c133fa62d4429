/* SPDX-License-Identifier: MIT */
/* port.h: the x86's ports for processes that reach theirs by calls. */
#ifndef TOLL_MICRO_PORT_H
#define TOLL_MICRO_PORT_H

#include <stdint.h>

int64_t port_call_in(uint64_t port, uint64_t bytes);
int64_t port_call_out(uint64_t port, uint64_t bytes, uint64_t value);
#endif
