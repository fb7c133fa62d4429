/* SPDX-License-Identifier: MIT */
/*
 * boot.S: the first sector of a disk: reads what follows it to LOAD_ADDRESS by the BIOS, 32 KiB at a time, and goes
 * there in 32-bit protected mode.  The assembler is told CHUNKS, how many of these there are.
 */
#define LOAD_ADDRESS 0x2000000
#define BUFFER 0x10000
#define CHUNK_SECTORS 64
#define FLAT_DATA 0x08
#define FLAT_CODE 0x10

    .code16
    .text
    .globl _start
_start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    mov %dl, drive
    in $0x92, %al
    or $2, %al                      /* address line 20 */
    out %al, $0x92
next:
    mov $packet, %si
    mov drive, %dl
    mov $0x42, %ah
    int $0x13
    jc failed
    cli
    /* Segments keep the limits that they get in protected mode, so that one copy reaches everything. */
    lgdt gdt_pointer
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    jmp 1f
1:  mov $FLAT_DATA, %bx
    mov %bx, %ds
    mov %bx, %es
    and $0xfe, %al
    mov %eax, %cr0
    jmp 1f
1:  mov $BUFFER, %esi
    mov to, %edi
    mov $(CHUNK_SECTORS * 512 / 4), %ecx
    cld
    addr32 rep movsl
    mov %edi, to
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    addl $CHUNK_SECTORS, packet_sector
    decw chunks
    jnz next

    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmp $FLAT_CODE, $protected
failed:
    hlt
    jmp failed

    .code32
protected:
    mov $FLAT_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $0x7c00, %esp
    mov $LOAD_ADDRESS, %eax
    jmp *%eax

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf93000000ffff
    .quad 0x00cf9b000000ffff
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt
packet:
    .word 16, CHUNK_SECTORS
    .word 0, BUFFER >> 4
packet_sector:
    .quad 1
to: .long LOAD_ADDRESS
chunks: .word CHUNKS
drive: .byte 0
    .org 510
    .word 0xaa55
