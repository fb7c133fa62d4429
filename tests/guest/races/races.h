/* SPDX-License-Identifier: MIT */
/* races.h: the parts of the test races, and what they share. */
#ifndef RACES_H
#define RACES_H

#include "toll.h"
#include <sys/types.h>

#define RACES_PAGE 4096

/* A private mapping of /data/cold.bin; every page begins with its own number. */
char *races_pages(void);
/* A page of it that is neither mapped nor near one that was read: its first touch sleeps.  There are 64 of them. */
char *races_cold_page(void);

/* Starts this program anew in a role; 0 where there are no processes.  children.c has the roles. */
pid_t races_start(const char *role);
/* The wait status of that process, or -1. */
int races_wait(pid_t child);
/* What a process in that role does; returns its exit status. */
int races_role(const char *role);

void races_pipes(void);
void races_lives(void);
void races_stacks(void);
void races_detached(void);
void races_mappings(void);
void races_programs(void);
void races_clocks(void);
void races_files(void);
void races_turn(uint64_t limit_ms);

#endif
