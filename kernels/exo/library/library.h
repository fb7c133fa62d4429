/* SPDX-License-Identifier: MIT */
/* library.h: what the files of the exokernel's library share. */
#ifndef TOLL_EXO_LIBRARY_H
#define TOLL_EXO_LIBRARY_H

#include "exo/exo.h"
#include "user/user.h"

/* A call of the kernel; what is left out is 0. */
#define EXO_CALL7(number, a, b, c, d, e, f, ...) user_call(number, a, b, c, d, e, f)
#define exo_call(...) EXO_CALL7(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* table.c: how parts' addresses of frames and the kernel's numbers of them go together. */
uint64_t table_frame_number(const void *frame);

/* A bit of pending that is the library's own: the kernel has to be asked to tell of frames, before the program goes on
   or this environment sleeps. */
#define EVENT_LISTEN 0x10000u

/* blk.c, serial.c, nic.c: an event has come. */
void blk_event(void);
void serial_event(void);
void nic_event(void);
void nic_listen(void);

#endif
