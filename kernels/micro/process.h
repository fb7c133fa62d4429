/* SPDX-License-Identifier: MIT */
/*
 * process.h: processes.  All of them are made at boot (build.c).  One ends when its last thread does, or when an
 * exception of it is nobody's business; then all that it has goes back, except its memory (DOMAIN_RAM), which others
 * may have mapped and which nobody else gets.
 */
#ifndef TOLL_MICRO_PROCESS_H
#define TOLL_MICRO_PROCESS_H

#include "base/list.h"
#include "machine/domain.h"
#include "micro/handle.h"
#include "micro/object.h"

#define PROCESSES_MAX 8
#define PROCESS_DEVICES 3
#define PROCESS_THREAD_PAGES 6 /* what a thread takes of the kernel's memory */

struct device;
struct endpoint;
struct irq;
struct micro_space;

struct process {
    struct object object;
    const char *name;
    unsigned domain;
    struct domain_info *info;  /* the kernel's address of its page */
    struct micro_space *first; /* holds the domain's own tables */
    struct list threads;
    unsigned thread_count;
    uint64_t alarm_ns;
    struct irq *irq[PROCESS_DEVICES];
    uint16_t io_map, port_first, port_count;
    bool application;                           /* when it ends, the machine does */
    bool common;                                /* its threads' ends are not its own (compose.h) */
    const struct device *pci[DOMAIN_GIVEN_MAX]; /* whose configuration space it may use */
    int64_t pages, pages_max;                   /* of the kernel's memory: taken, and allowed */
    struct handle handles[HANDLES_MAX];
};

/* By domain. */
extern struct process *processes[PROCESSES_MAX];

/* Takes pages of the kernel's memory on p's account, or gives them back; false: too many. */
bool process_charge(struct process *p, int64_t pages);

/* Makes events pending (domain.h) and ends waits for them.  Also in interrupts. */
void process_event(struct process *p, uint32_t events);

void process_end(struct process *p);

/* One of its threads has ended. */
void process_thread_ended(struct process *p);

int64_t process_call_event(uint64_t process, uint64_t bits);

#endif
