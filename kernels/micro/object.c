/* SPDX-License-Identifier: MIT */
/* object.c: making objects, and what is to be done when nobody refers to one any more. */
#include "micro/object.h"
#include "alloc.h"
#include "micro/end.h"
#include "micro/note.h"
#include "micro/space.h"

uint64_t object_count;

void *object_make(enum object_kind kind, uint64_t bytes, struct process *owner)
{
    struct object *o = alloc_get(bytes);

    if (!o)
        return NULL;
    *o = (struct object){.kind = (uint16_t)kind, .refs = 1, .owner = owner};
    object_count++;
    return o;
}

void object_put(struct object *o)
{
    if (--o->refs)
        return;
    if (o->kind == OBJECT_MACHINE) {
        end_lost();
        return;
    }
    if (o->kind == OBJECT_SPACE)
        space_release((struct micro_space *)o);
    else if (o->kind == OBJECT_NOTE)
        note_release((struct note *)o);
    object_count--;
    alloc_put(o);
}
