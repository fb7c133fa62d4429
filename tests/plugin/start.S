/* SPDX-License-Identifier: MIT */
/*
 * start.S: brings a test guest from QEMU's PVH entry to `test` in long mode: 4 GiB mapped one to one for all
 * rings (but HOLE), an IDT that ends the machine on an unexpected exception, a task segment with a ring 0 stack.
 */
#include "guest.h"

#define STACK_BYTES 16384

        .section .note.pvh, "a", @note
        .long 4, 4, 18
        .asciz "Xen"
        .long boot

        .text
        .globl boot, set_gate, make_page, finish, pages, hole_table
        .code32
        PART(kernel, start)
boot:   lgdt gdt_pointer
        mov $tables, %edi
        movl $directories + 7, (%edi)
        mov $directories, %edi
        mov $page_directories + 7, %eax
        mov $4, %ecx
1:      mov %eax, (%edi)
        add $8, %edi
        add $4096, %eax
        loop 1b
        mov $page_directories, %edi
        mov $0x87, %eax
        mov $2048, %ecx
1:      mov %eax, (%edi)
        add $8, %edi
        add $0x200000, %eax
        loop 1b
        movl $hole_table + 7, page_directories + 8 * (HOLE >> 21)

        mov %cr4, %eax
        or $0x620, %eax                 /* PAE, SSE */
        mov %eax, %cr4
        mov $tables, %eax
        mov %eax, %cr3
        mov $0xc0000080, %ecx
        rdmsr
        or $0x101, %eax                 /* long mode, syscall */
        wrmsr
        mov $0x80010003, %eax           /* paging, write protection, protected mode, SSE */
        mov %eax, %cr0
        ljmp $KERNEL_CODE, $long_mode

        .code64
long_mode:
        mov $KERNEL_DATA, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $stack + STACK_BYTES, %esp
        mov $task_stack + STACK_BYTES, %eax
        mov %eax, task + 4
        mov $task, %eax
        mov %ax, gdt + TASK + 2
        shr $16, %eax
        mov %al, gdt + TASK + 4
        mov %ah, gdt + TASK + 7
        mov $TASK, %eax
        ltr %ax
        mov $255, %edi
1:      mov $unexpected, %eax
        call set_gate
        dec %edi
        jns 1b
        lidt idt_pointer
        call test
finish: mov $WIRE_EXIT_OK, %eax
        mov $WIRE_EXIT_PORT, %edx
        out %eax, %dx
        hlt

unexpected:
        mov $WIRE_EXIT_PANIC, %eax
        mov $WIRE_EXIT_PORT, %edx
        out %eax, %dx
        hlt

/* Vector edi, handler eax. */
set_gate:
        push %rax
        push %rdi
        shl $4, %edi
        add $idt, %edi
        mov %ax, (%rdi)
        movl $KERNEL_CODE | 0xee000000, %ecx
        movw $KERNEL_CODE, 2(%rdi)
        movw $0xee00, 4(%rdi)
        shr $16, %eax
        mov %ax, 6(%rdi)
        pop %rdi
        pop %rax
        ret

make_page:
        push %rdi
        shr $12, %rdi
        and $511, %edi
        mov %edi, %eax
        shl $12, %eax
        add $pages + 7, %rax
        mov %rax, hole_table(, %rdi, 8)
        pop %rdi
        ret
        END_PART(kernel, start)

        .data
        .balign 16
gdt:    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
        .quad 0x0000890000000067, 0
gdt_end:
gdt_pointer:
        .word gdt_end - gdt - 1
        .long gdt
idt_pointer:
        .word 4095
        .quad idt

        .bss
        .balign 4096
tables: .skip 4096
directories:
        .skip 4096
page_directories:
        .skip 4 * 4096
hole_table:
        .skip 4096
idt:    .skip 4096
pages:  .skip 16 * 4096
task:   .skip 104
        .balign 16
stack:  .skip STACK_BYTES
task_stack:
        .skip STACK_BYTES
