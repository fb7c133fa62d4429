/* SPDX-License-Identifier: MIT */
/*
 * hops.S: the third operation of a window is followed from domain to domain.
 */
#include "guest.h"

/* 0: four operations, each from app to kernel to server and back; after the mark dec, jnz, nop, call */
//? window 0 ops 4
//? window 0 hops.0.domain app
//? window 0 hops.0.instructions 4
//? window 0 hops.0.as_switch absent
//? window 0 hops.1.domain kernel
//? window 0 hops.1.instructions 3
//? window 0 hops.1.ipc 1
//? window 0 hops.2.domain server
//? window 0 hops.2.instructions 11
//? window 0 hops.2.instructions_arch 6
//? window 0 hops.3.domain kernel
//? window 0 hops.3.instructions 6
//? window 0 hops.3.as_switch 1
//? window 0 hops.3.as_switch_kept 1
//? window 0 hops.4.domain app
//? window 0 hops.4.instructions 0
//? window 0 hops.5 absent
/* 1: two operations are too few */
//? window 1 ops 2
//? window 1 hops absent
/* 2: an operation that goes to and fro too often */
//? window 2 ops 3
//? window 2 hops absent

        .globl test
        PART(kernel, test)
test:   MAIN
        mov $4, %ebx
        BEGIN
        call app
        END
        mov $2, %ebx
        BEGIN
        call app
        END
        BEGIN
        call much
        END
        jmp finish

ENTRY(ipc, message)
        nop
        nop
        call serve
        mov %cr3, %rax
        call entry.as_switch_kept.load
        ret
ENTRY(as_switch_kept, load)
        nop
        mov %rax, %cr3
        ret
back:   ret
        END_PART(kernel, test)

        PART(app, user)
app:    nop
        call entry.ipc.message
        OP
        dec %ebx
        jnz app
        ret
much:   OP
        OP
        mov $40, %ebx
1:      call back
        dec %ebx
        jnz 1b
        OP
        ret
        END_PART(app, user)

        PART(server, serve)
serve:  mov $source, %esi
        mov $target, %edi
        mov $6, %ecx
        rep movsb
        nop
        ret
        END_PART(server, serve)

        .data
source: .skip 64
target: .skip 64
