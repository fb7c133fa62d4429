/* SPDX-License-Identifier: MIT */
/*
 * boot.S: from PVH entry (Xen's x86/HVM direct boot ABI: 32-bit protected mode, paging off, flat segments, %ebx =
 * physical address of struct hvm_start_info) to kernel_main in 64-bit mode on the first stack.
 *
 * Tables made here: the first GiB of physical memory in 2 MiB pages, seen at 0 (until paging_init removes it), at
 * DIRECT_BASE and at IMAGE_BASE.  paging.c replaces the image's part by 4 KiB pages with real permissions.
 */
#include "machine/layout.h"
#include "machine/x86.h"

#define PHYS(symbol) ((symbol) - IMAGE_BASE)
#define PTE_TABLE 0x3
#define PTE_LARGE 0x83

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18          /* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long PHYS(boot_entry)

    .section .text.boot, "ax"
    .code32
    .globl boot_entry
boot_entry:
    cli
    cld
    mov %ebx, PHYS(boot_start_info)

    /* One page directory of 512 large pages serves all three views. */
    mov $PHYS(boot_pd), %edi
    mov $PTE_LARGE, %eax
    mov $512, %ecx
1:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    dec %ecx
    jnz 1b
    movl $PHYS(boot_pd) + PTE_TABLE, PHYS(boot_pdpt_direct)
    movl $PHYS(boot_pd) + PTE_TABLE, PHYS(boot_pdpt_image) + 510 * 8
    movl $PHYS(boot_pdpt_direct) + PTE_TABLE, PHYS(boot_pml4)
    movl $PHYS(boot_pdpt_direct) + PTE_TABLE, PHYS(boot_pml4) + 256 * 8
    movl $PHYS(boot_pdpt_image) + PTE_TABLE, PHYS(boot_pml4) + 511 * 8

    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov $PHYS(boot_pml4), %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LME, %eax
    wrmsr
    mov $CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE, %eax
    mov %eax, %cr0
    lgdt PHYS(boot_gdt_pointer)
    ljmp $SEL_KERNEL_CODE, $PHYS(boot_long)

    .code64
boot_long:
    mov $SEL_KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    movabs $boot_high, %rax
    jmp *%rax
boot_high:
    lea boot_stack_top(%rip), %rsp
    xor %ebp, %ebp
    call kernel_main
    ud2

    .section .rodata
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff        /* 64-bit code */
    .quad 0x00cf93000000ffff        /* data */
boot_gdt_pointer:
    .word boot_gdt_pointer - boot_gdt - 1
    .long PHYS(boot_gdt)

    .section .bss
    .balign 8192                    /* tables may come in pairs (paging.h), so the first of a pair is even */
    .globl boot_pml4, boot_pdpt_direct, boot_pdpt_image, boot_stack_top, boot_start_info
boot_pml4:          .skip 4096
boot_pdpt_direct:   .skip 4096
boot_pdpt_image:    .skip 4096
boot_pd:            .skip 4096
boot_stack:         .skip 16384
boot_stack_top:
    .balign 8
boot_start_info:    .skip 8

    .section .note.GNU-stack, "", @progbits
