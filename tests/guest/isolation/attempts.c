/* SPDX-License-Identifier: MIT */
/*
 * attempts.c: memory that is not the process's, instructions that are the kernel's, and ways into the kernel with
 * registers that no C program would have.  Addresses are those of kernels/machine/layout.h.
 */
#include "isolation/attempts.h"
#include "toll.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define IMAGE 0xffffffff80200000ull
#define DIRECT 0xffff800000200000ull
#define DEVICE 0xffffc000fee00000ull
#define NON_CANONICAL 0x0000900000000000ull
#define USER_END 0x00007ffffff00000ull
#define RET 0xc3
#define PAGE 4096u
#define SPARSE ((char *)0x100000000000)
#define TABLE_SPAN (2ull << 20)
#define TABLES 1500 /* more than a microkernel's process may have */

#define READ(name, address)                                                                                            \
    static void read_##name(void)                                                                                      \
    {                                                                                                                  \
        (void)*(volatile char *)(address);                                                                             \
    }
#define WRITE(name, address)                                                                                           \
    static void write_##name(void)                                                                                     \
    {                                                                                                                  \
        *(volatile char *)(address) = 1;                                                                               \
    }
#define JUMP(name, address)                                                                                            \
    static void jump_##name(void)                                                                                      \
    {                                                                                                                  \
        __asm__ volatile("call *%0" ::"r"((uint64_t)(address)) : "memory");                                            \
    }
/* In assembly, for registers and stack must be exactly as written. */
#define DO(name, text)                                                                                                 \
    void do_##name(void);                                                                                              \
    __asm__(".text\ndo_" #name ": " text "; ret");

static volatile uint64_t nowhere;

READ(image, IMAGE)
READ(direct, DIRECT)
READ(device, DEVICE)
READ(null, nowhere)
READ(non_canonical, NON_CANONICAL)
READ(user_end, USER_END)
READ(top, -8ull)
WRITE(image, IMAGE)
WRITE(direct, DIRECT)
WRITE(device, DEVICE)
WRITE(null, nowhere)
WRITE(non_canonical, NON_CANONICAL)
WRITE(own_text, &read_image)
WRITE(own_constant, "constant")
JUMP(image, IMAGE)
JUMP(direct, DIRECT)
JUMP(null, nowhere)
JUMP(non_canonical, NON_CANONICAL)
JUMP(user_end, USER_END)

/* Privileged instructions (SDM 3A 5.9), and those that would change segments to the kernel's. */
DO(cli, "cli")
DO(sti, "sti")
DO(hlt, "hlt")
DO(in, "mov $0x3f8, %edx; in %dx, %al")
DO(out, "mov $0xf4, %edx; mov $0x10, %eax; out %al, %dx")
DO(outs, "mov $0xf4, %edx; lea do_in(%rip), %rsi; mov $1, %ecx; rep outsb")
DO(cr0_read, "mov %cr0, %rax")
DO(cr3_write, "xor %eax, %eax; mov %rax, %cr3")
DO(cr4_write, "xor %eax, %eax; mov %rax, %cr4")
DO(cr8_write, "xor %eax, %eax; mov %rax, %cr8")
DO(dr7_write, "xor %eax, %eax; mov %rax, %dr7")
DO(wrmsr, "mov $0xc0000082, %ecx; xor %eax, %eax; xor %edx, %edx; wrmsr")
DO(rdmsr, "mov $0xc0000080, %ecx; rdmsr")
DO(lgdt, "sub $64, %rsp; lgdt 16(%rsp)")
DO(lidt, "sub $64, %rsp; lidt 16(%rsp)")
DO(lldt, "xor %eax, %eax; lldt %ax")
DO(ltr, "mov $0x30, %eax; ltr %ax")
DO(invlpg, "invlpg (%rsp)")
DO(wbinvd, "wbinvd")
DO(clts, "clts")
DO(swapgs, "swapgs")
DO(xsetbv, "xor %ecx, %ecx; mov $7, %eax; xor %edx, %edx; xsetbv")
DO(sysretq, "lea do_hlt(%rip), %rcx; mov $0x202, %r11d; sysretq")
DO(iretq_kernel, "mov %rsp, %rax; push $0x10; push %rax; pushf; push $0x08; lea do_hlt(%rip), %rax; push %rax; iretq")
DO(iretq_iopl, "mov %rsp, %rax; push $0x23; push %rax; push $0x3202; push $0x2b; lea do_cli(%rip), %rax; push %rax;"
               "iretq")
DO(popf_iopl, "push $0x3202; popf; cli")
DO(lret_kernel, "push $0x08; lea do_hlt(%rip), %rax; push %rax; lretq")
DO(segment_kernel, "mov $0x10, %eax; mov %eax, %ss")
DO(segment_none, "mov $0x7b, %eax; mov %eax, %ds")
DO(int_80, "int $0x80")
DO(int_32, "int $32")
DO(int_df, "int $8")
DO(int_nmi, "int $2")
DO(int_255, "int $255")
DO(int_3, "int3")
DO(icebp, ".byte 0xf1")
DO(ud, "ud2")
DO(divide, "xor %ecx, %ecx; mov $1, %eax; xor %edx, %edx; div %ecx")
DO(sysenter, "mov %rsp, %rcx; lea do_hlt(%rip), %rdx; sysenter")
DO(vmcall, "xor %eax, %eax; .byte 0x0f, 0x01, 0xc3") /* vmresume */
DO(monitor, "xor %eax, %eax; xor %ecx, %ecx; xor %edx, %edx; monitor; mwait")

/* Traps while flags and stack are such that a careless kernel would stumble. */
DO(single_step, "pushf; orl $0x100, (%rsp); popf; nop; nop")
DO(single_step_call, "pushf; orl $0x100, (%rsp); popf; mov $39, %edi; syscall; nop")
DO(nested_task_call, "pushf; orl $0x4000, (%rsp); popf; mov $39, %edi; syscall; ud2")
DO(backwards_call, "std; mov $39, %edi; syscall; ud2")
DO(access_check_call,
   "pushf; orl $0x40000, (%rsp); popf; mov $39, %edi; syscall; xor %eax, %eax; mov 1(%rsp), %ax; ud2")
DO(call_no_stack, "mov $0x10, %rsp; mov $39, %edi; syscall; push %rax")
DO(call_kernel_stack, "mov $0xffffffff80300000, %rsp; mov $39, %edi; syscall; push %rax")
DO(call_wild_stack, "mov $0x0000900000000000, %rsp; mov $39, %edi; syscall; push %rax")
DO(fault_no_stack, "xor %esp, %esp; ud2")
DO(fault_wild_stack, "mov $0x0000900000000000, %rsp; ud2")
DO(fault_kernel_stack, "mov $0xffffffff80300000, %rsp; ud2")
DO(call_huge_number, "mov $-1, %rdi; syscall; mov $512, %edi; syscall; mov $0x80000000, %edi; syscall; ud2")
DO(gs_kernel,
   "mov $0x7fffffff, %eax; shl $1, %rax; .byte 0xf3,0x48,0x0f,0xae,0xd8; movb $1, %gs:0; mov %gs:-1, %al; ud2")

static void recurse(volatile char *above)
{
    volatile char here[4096];

    here[0] = above[0];
    if (here[0] == 0)
        recurse(here);
    above[0] = here[0];
}

static void stack_overflow(void)
{
    char first[8] = "";
    recurse(first);
}

static void jump_stack(void)
{
    volatile unsigned char code[16] = {RET};
    __asm__ volatile("call *%0" ::"r"(code) : "memory");
}

static void jump_heap(void)
{
    unsigned char *code = malloc(100);
    code[0] = RET;
    __asm__ volatile("call *%0" ::"r"(code) : "memory");
}

static void jump_data(void)
{
    static volatile unsigned char code[16] = {RET};
    __asm__ volatile("call *%0" ::"r"(code) : "memory");
}

static void write_after_protect(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 1;
    mprotect(page, 4096, PROT_READ);
    page[0] = 2;
}

static void read_after_unmap(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 1;
    munmap((char *)page, 4096);
    (void)page[0];
}

/* Brings all of the program in: what survives an attempt must be able to say so. */
static void program_touch(void)
{
    const Elf64_Phdr *segments = (const void *)getauxval(AT_PHDR);

    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        for (uint64_t at = 0; segments[i].p_type == PT_LOAD && at < segments[i].p_memsz; at += PAGE) {
            volatile char *byte = (volatile char *)(segments[i].p_vaddr + at);
            char value = *byte;
            if (segments[i].p_flags & PF_W)
                *byte = value;
        }
}

/* Maps pages, each in a page table of its own, until there is no memory for more of those, or long enough. */
static void tables_fill(void)
{
    program_touch();
    for (unsigned i = 0; i < TABLES; i++)
        if (mmap(SPARSE + i * TABLE_SPAN, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1,
                 0) == MAP_FAILED)
            return;
}

static void read_after_unmap_without_memory(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 1;
    tables_fill();
    mprotect((char *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    munmap((char *)page, 4096);
    (void)page[0];
}

/* What access could not be given to must not be tried for ever. */
static void write_without_memory(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)page[0];
    tables_fill();
    mprotect((char *)page, 4096, PROT_READ | PROT_WRITE);
    page[0] = 1;
    __builtin_trap(); /* where there was memory enough */
}

#define TRY(name)                                                                                                      \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
const struct attempt attempts[] = {TRY(read_image),
                                   TRY(read_direct),
                                   TRY(read_device),
                                   TRY(read_null),
                                   TRY(read_non_canonical),
                                   TRY(read_user_end),
                                   TRY(read_top),
                                   TRY(write_image),
                                   TRY(write_direct),
                                   TRY(write_device),
                                   TRY(write_null),
                                   TRY(write_non_canonical),
                                   TRY(write_own_text),
                                   TRY(write_own_constant),
                                   TRY(jump_image),
                                   TRY(jump_direct),
                                   TRY(jump_null),
                                   TRY(jump_non_canonical),
                                   TRY(jump_user_end),
                                   TRY(jump_stack),
                                   TRY(jump_heap),
                                   TRY(jump_data),
                                   TRY(do_cli),
                                   TRY(do_sti),
                                   TRY(do_hlt),
                                   TRY(do_in),
                                   TRY(do_out),
                                   TRY(do_outs),
                                   TRY(do_cr0_read),
                                   TRY(do_cr3_write),
                                   TRY(do_cr4_write),
                                   TRY(do_cr8_write),
                                   TRY(do_dr7_write),
                                   TRY(do_wrmsr),
                                   TRY(do_rdmsr),
                                   TRY(do_lgdt),
                                   TRY(do_lidt),
                                   TRY(do_lldt),
                                   TRY(do_ltr),
                                   TRY(do_invlpg),
                                   TRY(do_wbinvd),
                                   TRY(do_clts),
                                   TRY(do_swapgs),
                                   TRY(do_xsetbv),
                                   TRY(do_sysretq),
                                   TRY(do_iretq_kernel),
                                   TRY(do_iretq_iopl),
                                   TRY(do_popf_iopl),
                                   TRY(do_lret_kernel),
                                   TRY(do_segment_kernel),
                                   TRY(do_segment_none),
                                   TRY(do_int_80),
                                   TRY(do_int_32),
                                   TRY(do_int_df),
                                   TRY(do_int_nmi),
                                   TRY(do_int_255),
                                   TRY(do_int_3),
                                   TRY(do_icebp),
                                   TRY(do_ud),
                                   TRY(do_divide),
                                   TRY(do_sysenter),
                                   TRY(do_vmcall),
                                   TRY(do_monitor),
                                   TRY(do_single_step),
                                   TRY(do_single_step_call),
                                   TRY(do_nested_task_call),
                                   TRY(do_backwards_call),
                                   TRY(do_access_check_call),
                                   TRY(do_call_no_stack),
                                   TRY(do_call_kernel_stack),
                                   TRY(do_call_wild_stack),
                                   TRY(do_fault_no_stack),
                                   TRY(do_fault_wild_stack),
                                   TRY(do_fault_kernel_stack),
                                   TRY(do_call_huge_number),
                                   TRY(do_gs_kernel),
                                   TRY(stack_overflow),
                                   TRY(write_after_protect),
                                   TRY(read_after_unmap),
                                   TRY(read_after_unmap_without_memory),
                                   TRY(write_without_memory),
                                   {NULL, NULL}};
