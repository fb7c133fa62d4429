/* SPDX-License-Identifier: MIT */
/*
 * trap_copy.S: copies whose faults can be survived.  Small and unaligned tails go by bytes; the rest by eight.  At
 * trap_copy_stop, %rcx (units of %r8 bytes) and %rdx (bytes of the tail) say what is left.
 */
#define EFAULT 14
#define ENAMETOOLONG 36

    .text
    .globl trap_copy, trap_clear, trap_copy_start, trap_copy_end, trap_copy_stop
    .globl trap_copy_string, trap_string_start, trap_string_end, trap_string_stop

trap_copy_start:
trap_copy:                          /* rdi dst, rsi src, rdx n */
    mov %rdx, %rcx
    mov $8, %r8d
    and $7, %edx
    shr $3, %rcx
    jz 1f
    rep movsq
    test %edx, %edx
    jz 2f
1:  mov %edx, %ecx
    mov $1, %r8d
    xor %edx, %edx
    rep movsb
2:  xor %eax, %eax
    ret

trap_clear:                         /* rdi dst, rsi n */
    mov %rsi, %rcx
    mov %esi, %edx
    mov $8, %r8d
    and $7, %edx
    xor %eax, %eax
    shr $3, %rcx
    rep stosq
    mov %edx, %ecx
    mov $1, %r8d
    xor %edx, %edx
    rep stosb
    ret
trap_copy_end:

trap_copy_stop:
    imul %r8, %rcx
    lea (%rcx, %rdx), %rax
    ret

/* Eight bytes at a time while source and destination have room for them, then one at a time. */
trap_string_start:
trap_copy_string:                   /* rdi dst, rsi src, rdx size */
    xor %eax, %eax
    mov $0x0101010101010101, %r9
    mov $0x8080808080808080, %r10
1:  lea (%rsi, %rax), %rcx
    and $4095, %ecx
    cmp $4096 - 8, %ecx
    ja 3f
    lea 8(%rax), %rcx
    cmp %rdx, %rcx
    ja 3f
    mov (%rsi, %rax), %r8
    mov %r8, (%rdi, %rax)
    mov %r8, %r11
    sub %r9, %r11
    not %r8
    and %r8, %r11
    and %r10, %r11
    jnz 2f
    mov %rcx, %rax
    jmp 1b
2:  bsf %r11, %r11
    shr $3, %r11
    add %r11, %rax
    ret
3:  cmp %rdx, %rax
    jae 4f
    movzbl (%rsi, %rax), %ecx
    mov %cl, (%rdi, %rax)
    test %ecx, %ecx
    jz 5f
    inc %rax
    jmp 1b
4:  mov $-ENAMETOOLONG, %rax
5:  ret
trap_string_end:

trap_string_stop:
    mov $-EFAULT, %rax
    ret

    .section .note.GNU-stack, "", @progbits
