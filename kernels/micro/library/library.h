/* SPDX-License-Identifier: MIT */
/* library.h: what the files of the application's library share. */
#ifndef TOLL_MICRO_LIBRARY_H
#define TOLL_MICRO_LIBRARY_H

#include <stdint.h>

/* Of a space: its number in the server mem, and the handle by which this process enters it. */
struct table {
    uint32_t space, handle;
};

/* home.c: the thread is in another space from now on, if it was in that one, which will go. */
void library_space_leave(const struct table *table);

/* console.c: input has come. */
void console_event(void);

/* pager.c: page frames in use in the server mem. */
uint64_t library_pager_frames(void);

/* net.c: what programs have sent goes to the interface before the machine ends. */
void library_network_flush(void);

#endif
