/* SPDX-License-Identifier: MIT */
/* stack.h: one machine's network as functions (stack.c). */
#ifndef TOLL_TEST_STACK_H
#define TOLL_TEST_STACK_H

#include "net.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stack {
    int (*init)(const char *config, unsigned seed, void (*sent)(const void *frame, size_t bytes), void (*event)(int s));
    uint64_t (*work)(void);
    bool (*pending)(void);
    bool (*deliver)(const void *frame, size_t bytes);
    unsigned (*lent)(void);
    void (*clock_set)(uint64_t ns);
    uint64_t (*now)(void);
    int (*open)(enum net_kind kind);
    void (*close)(int s);
    int (*bind)(int s, const struct net_address *at);
    int (*listen)(int s, unsigned backlog);
    int (*accept)(int s, struct net_address *peer);
    int (*connect)(int s, const struct net_address *to);
    int64_t (*receive)(int s, uaddr_t buffer, uint64_t n, uint32_t flags, struct net_address *from);
    int64_t (*send)(int s, uaddr_t buffer, uint64_t n, uint32_t flags, const struct net_address *to);
    int (*shutdown)(int s, bool receiving, bool sending);
    int (*option_set)(int s, enum net_option option, uint64_t value);
    int64_t (*option_get)(int s, enum net_option option);
    uint32_t (*ready)(int s);
    void (*books)(struct net_books *out);
};

__attribute__((visibility("default"))) const struct stack *stack_functions(void);

#endif
