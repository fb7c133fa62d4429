/* SPDX-License-Identifier: MIT */
/* time.h: the timer, which serves the scheduler and processes' alarms. */
#ifndef TOLL_MICRO_TIME_H
#define TOLL_MICRO_TIME_H

#include <stdint.h>

void time_interrupt(void);

int64_t time_call_sleep(uint64_t deadline_ns);
int64_t time_call_alarm(uint64_t deadline_ns);

#endif
