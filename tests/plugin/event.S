/* SPDX-License-Identifier: MIT */
/*
 * event.S: everything that is counted by what instruction it is, or by where it lies.
 */
#include "guest.h"

/* 0: three system calls from ring 3: app 1 + 3 * (2 + 2), kernel 3 * 2 */
//? window 0 syscall 3
//? window 0 domains.app.parts.user.instructions 13
//? window 0 domains.kernel.parts.entry.instructions 6
//? window 0 instructions 19
//? window 0 interrupt 0
//? window 0 exception 0
/* 1: privileged instructions */
//? window 1 as_switch 3
//? window 1 invlpg 2
//? window 1 wrmsr 1
//? window 1 port_io 10
//? window 1 hlt 0
//? window 1 syscall 0
//? window 1 instructions 29
//? window 1 instructions_arch 27
/* 2: entries in memory */
//? window 2 upcall 2
//? window 2 thread_switch 5
//? window 2 entry.up 2
//? window 2 entry.to 5
//? window 2 exception 0

#define PORT 0x80

        .globl test
        PART(kernel, entry)
call:   mov $7, %eax
        sysretq
        END_PART(kernel, entry)

        PART(kernel, test)
test:   MAIN
        GATE(0x80, back)
        xor %edx, %edx
        mov $call, %eax
        mov $0xc0000082, %ecx   /* LSTAR */
        wrmsr
        mov $KERNEL_CODE | (KERNEL_DATA + 3) << 16, %edx
        xor %eax, %eax
        mov $0xc0000081, %ecx   /* STAR */
        wrmsr
        push $USER_DATA
        push $0
        push $2
        push $USER_CODE
        push $user
        iretq

back:   mov $0xc0000102, %ecx   /* KERNEL_GS_BASE */
        xor %eax, %eax
        xor %edx, %edx
        mov $source, %esi
        mov %cr3, %rbx
        BEGIN
        mov %cr3, %rax
        mov %rax, %cr3
        mov %rbx, %cr3
        mov %rbx, %r8
        mov %r8, %cr3
        mov %cr0, %rax
        mov %rax, %cr0
        invlpg 0x1000
        invlpg (%rbx)
        swapgs
        swapgs
        rdmsr
        wrmsr
        in $PORT, %al
        in $PORT, %eax
        out %al, $PORT
        out %ax, $PORT
        mov $PORT, %edx
        in %dx, %al
        out %eax, %dx
        outsb
        mov $3, %ecx
        rep outsb
        xor %ecx, %ecx
        rep outsb
        cpuid
        nop
        END

        BEGIN
        call entry.upcall.up
        call entry.upcall.up
        mov $5, %ecx
1:      call entry.thread_switch.to
        dec %ecx
        jnz 1b
        END
        jmp finish

ENTRY(upcall, up)
        ret
ENTRY(thread_switch, to)
        nop
        ret
        END_PART(kernel, test)

        PART(app, user)
user:   BEGIN
        mov $3, %ebx
1:      nop
        syscall
        dec %ebx
        jnz 1b
        END
        int $0x80
        END_PART(app, user)

        .data
source: .skip 64
