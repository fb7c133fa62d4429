/* SPDX-License-Identifier: MIT */
/* build.h: making the processes that compose.h lists. */
#ifndef TOLL_MICRO_BUILD_H
#define TOLL_MICRO_BUILD_H

/* Makes all of them, ready to run; panics if one cannot be made. */
void build_processes(void);

#endif
