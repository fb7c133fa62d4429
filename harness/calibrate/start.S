/* SPDX-License-Identifier: MIT */
/*
 * start.S: from QEMU's PVH entry to guest_main in long mode; the way to ring 3 and back; and the handlers that are
 * measured, which do as little as can be done.
 */
#include "guest.h"
#include "wire.h"

#define STACK_BYTES 16384
#define TABLE 7           /* present, writable, user */
#define LARGE 0x87        /* and 2 MiB */
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LONG_SYSCALL 0x101
#define CR0_ON 0x80010001 /* paging, write protection, protected mode */

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long boot

    .text
    .globl boot, guest_user_run, guest_syscall_entry, guest_page_fault, guest_ipi, guest_timer, guest_leave
    .globl guest_unexpected
    .code32
boot:
    lgdt gdt_pointer
    movl $directories + TABLE, tables
    mov $directories, %edi
    mov $page_directories + TABLE, %eax
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $8, %edi
    add $4096, %eax
    loop 1b
    mov $page_directories, %edi
    mov $LARGE, %eax
    mov $2048, %ecx
1:  mov %eax, (%edi)
    add $8, %edi
    add $0x200000, %eax
    loop 1b
    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov $tables, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LONG_SYSCALL, %eax
    wrmsr
    mov $CR0_ON, %eax
    mov %eax, %cr0
    ljmp $KERNEL_CODE, $long_mode

    .code64
long_mode:
    mov $KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $stack + STACK_BYTES, %esp
    movl $trap_stack + STACK_BYTES, task + 4
    mov $task, %eax
    mov %ax, gdt + TASK + 2
    shr $16, %eax
    mov %al, gdt + TASK + 4
    mov %ah, gdt + TASK + 7
    mov $TASK, %eax
    ltr %ax
    lidt idt_pointer
    call guest_main
    mov $WIRE_EXIT_OK, %eax
1:  mov $WIRE_EXIT_PORT, %edx
    out %eax, %dx
    hlt
guest_unexpected:
    mov $WIRE_EXIT_PANIC, %eax
    jmp 1b

/* rdi: what to run. */
guest_user_run:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, caller_stack
    push $USER_DATA
    push $user_stack + STACK_BYTES
    push $2                 /* flags: interrupts off */
    push $USER_CODE
    push $1f
    iretq
1:  call *%rdi
    int $VECTOR_LEAVE
guest_leave:
    mov caller_stack, %rsp
    mov $KERNEL_DATA, %ecx
    mov %ecx, %ss
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .balign 64
guest_syscall_entry:
    sysretq

    .balign 64
guest_page_fault:
    add $8, %rsp            /* the error code */
    addq $2, (%rsp)
    iretq

    .balign 64
guest_ipi:
guest_timer:
    incq guest_interrupts
    push %rax
    mov $APIC + APIC_EOI, %eax
    movl $0, (%rax)
    pop %rax
    iretq

    .data
    .balign 16
gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
    .quad 0x0000890000000067, 0
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
idt_pointer:
    .word 4095
    .quad guest_idt

    .bss
    .balign 4096
    .globl guest_idt, guest_interrupts
tables:             .skip 4096
directories:        .skip 4096
page_directories:   .skip 4 * 4096
guest_idt:          .skip 4096
task:               .skip 104
    .balign 16
guest_interrupts:   .skip 8
caller_stack:       .skip 8
stack:              .skip STACK_BYTES
trap_stack:         .skip STACK_BYTES
user_stack:         .skip STACK_BYTES

    .section .note.GNU-stack, "", @progbits
