/* SPDX-License-Identifier: MIT */
/*
 * compose.h: which processes this kernel is composed with: what each is made of and what it is given.  compose.c holds
 * the table, process.c makes processes from it.  Nothing else gives a process anything.
 */
#ifndef TOLL_COMPOSE_H
#define TOLL_COMPOSE_H

#include "micro/handle.h"
#include "micro/micro.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MICRO_HANDLES_GIVEN 12
#define MICRO_WINDOWS 6
#define MICRO_DEVICES 3

enum micro_device { MICRO_DEVICE_NONE, MICRO_DEVICE_DISK, MICRO_DEVICE_SERIAL, MICRO_DEVICE_NET };
enum micro_given { MICRO_GIVEN_ENDPOINT = 1, MICRO_GIVEN_PROCESS, MICRO_GIVEN_MACHINE, MICRO_GIVEN_SERVICE };

/* What stands in handle slot (micro.h: HANDLE_*) from the start.  HANDLE_SELF, _PROCESS and _SPACE always do (but
   see common), HANDLE_IRQ, _SECOND, _THIRD with devices; they are not listed. */
struct micro_handle {
    unsigned slot;
    enum micro_given kind;
    unsigned domain; /* whose endpoint (without the receive right), or which process; of a service 0 */
    uint64_t badge;  /* of an endpoint: what its receiver learns of who calls */
    uint16_t rights; /* of a process: HANDLE_GIVES, HANDLE_SPACES (handle.h) */
};

/* Rows of it: the endpoint of a server, with the caller's domain as its badge; the kernel's service; a process; the
   right to end the machine. */
#define GIVEN_ENDPOINT(of, me)                                                                                         \
    {                                                                                                                  \
        .slot = HANDLE_##of, .kind = MICRO_GIVEN_ENDPOINT, .domain = DOMAIN_##of, .badge = DOMAIN_##me                 \
    }
#define GIVEN_SERVICE(me)                                                                                              \
    {                                                                                                                  \
        .slot = HANDLE_FS, .kind = MICRO_GIVEN_SERVICE, .badge = DOMAIN_##me                                           \
    }
#define GIVEN_PROCESS(of, may)                                                                                         \
    {                                                                                                                  \
        .slot = HANDLE_APP, .kind = MICRO_GIVEN_PROCESS, .domain = DOMAIN_##of, .rights = (may)                        \
    }
#define GIVEN_MACHINE                                                                                                  \
    {                                                                                                                  \
        .slot = HANDLE_MACHINE, .kind = MICRO_GIVEN_MACHINE                                                            \
    }

/* Memory that two domains see. */
struct micro_window {
    unsigned with;        /* the other domain, or the same one: memory of its own at DOMAIN_WINDOW */
    uint64_t bytes;       /* of fresh memory for both, multiple of 4096; 0: all of the other's ram (DOMAIN_RAM) */
    uint64_t offset;      /* from DOMAIN_WINDOW, here */
    uint64_t with_offset; /* and there (of fresh memory) */
    const char *unless;   /* for data that the kernel copies where the command line has that word, and for that only;
                             NULL: always, and not for such data */
};

struct micro_process {
    const char *name;
    unsigned domain; /* 0 to 7; each at most once */
    bool network;    /* it is made only where the command line asks for a network (ip=) */
    const char *module, *module_end;
    uint64_t ram_least; /* bytes of memory, multiple of 4096 */
    unsigned ram_share; /* and how many 1/256, at most, of what is left when all have their least */
    unsigned pager;     /* the domain whose endpoint gets its page faults below APP_END; 0: none */
    uint64_t pager_badge;
    bool program;     /* sees the program's file at PROGRAM_BASE */
    bool application; /* the one that leaks=1 watches */
    bool common;      /* it runs programs that must not reach each other: its page is read-only to them, and it is given
                         no handles and no thread of its own; without ram_least it has no memory */
    enum micro_device devices[MICRO_DEVICES];         /* the network's only as above */
    uint16_t port_first, port_count;                  /* ports that are its own */
    const char *ports_by_call;                        /* the word with which it reaches them by MICRO_PORT_* only */
    struct micro_handle handles[MICRO_HANDLES_GIVEN]; /* slot 0 ends the list */
    struct micro_window windows[MICRO_WINDOWS];       /* offset, bytes and with all 0 end the list */
};

/* Before any process is made: starts what this composition keeps in the kernel, and makes the endpoint at which that is
   called (endpoint_make_service); NULL: it keeps nothing there. */
struct endpoint *compose_service(void);

/* The machine is about to end: ends what this composition keeps in the kernel. */
void compose_end(void);

/* In the order in which they are made and first run. */
extern const struct micro_process micro_processes[];
extern const unsigned micro_process_count;

#endif
