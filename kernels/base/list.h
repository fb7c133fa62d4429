/* SPDX-License-Identifier: MIT */
/* list.h: circular doubly linked lists threaded through the objects themselves.  An object off every list has a
   link that points to itself, so removing it twice does no harm. */
#ifndef TOLL_LIST_H
#define TOLL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(head)                                                                                                \
    {                                                                                                                  \
        &(head), &(head)                                                                                               \
    }
#define LIST_ENTRY(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))
#define LIST_FOR(link, head) for (struct list *link = (head)->next; link != (head); link = link->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Puts link before at: at the end of the list when at is its head. */
static inline void list_add(struct list *at, struct list *link)
{
    link->prev = at->prev;
    link->next = at;
    at->prev->next = link;
    at->prev = link;
}

static inline void list_add_first(struct list *head, struct list *link)
{
    list_add(head->next, link);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

#endif
