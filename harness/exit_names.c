/* SPDX-License-Identifier: MIT */
/*
 * exit_names.c: the table.  It has what ordinary guests do; anything else keeps its number.
 */
#include "exit_names.h"

const struct exit_name exit_names[] = {
    {EXIT_VMX, 0, "exception"},
    {EXIT_VMX, 1, "interrupt"},
    {EXIT_VMX, 2, "triple_fault"},
    {EXIT_VMX, 7, "interrupt_window"},
    {EXIT_VMX, 10, "cpuid"},
    {EXIT_VMX, 12, "hlt"},
    {EXIT_VMX, 13, "invd"},
    {EXIT_VMX, 14, "invlpg"},
    {EXIT_VMX, 16, "rdtsc"},
    {EXIT_VMX, 18, "hypercall"},
    {EXIT_VMX, 28, "cr_access"},
    {EXIT_VMX, 29, "dr_access"},
    {EXIT_VMX, 30, "io"},
    {EXIT_VMX, 31, "msr_read"},
    {EXIT_VMX, 32, "msr_write"},
    {EXIT_VMX, 36, "mwait"},
    {EXIT_VMX, 40, "pause"},
    {EXIT_VMX, 43, "tpr_below_threshold"},
    {EXIT_VMX, 44, "apic_access"},
    {EXIT_VMX, 45, "eoi_induced"},
    {EXIT_VMX, 46, "descriptor_table"},
    {EXIT_VMX, 48, "nested_page_fault"}, /* EPT violation */
    {EXIT_VMX, 49, "mmio"},              /* EPT misconfiguration: KVM's way to see accesses to devices */
    {EXIT_VMX, 52, "preemption_timer"},
    {EXIT_VMX, 54, "wbinvd"},
    {EXIT_VMX, 55, "xsetbv"},
    {EXIT_VMX, 56, "apic_write"},
    {EXIT_VMX, 58, "invpcid"},
    {EXIT_SVM, 0x60, "interrupt"},
    {EXIT_SVM, 0x61, "nmi"},
    {EXIT_SVM, 0x64, "interrupt_window"},
    {EXIT_SVM, 0x65, "cr_access"},
    {EXIT_SVM, 0x72, "cpuid"},
    {EXIT_SVM, 0x74, "iret"},
    {EXIT_SVM, 0x76, "invd"},
    {EXIT_SVM, 0x77, "pause"},
    {EXIT_SVM, 0x78, "hlt"},
    {EXIT_SVM, 0x79, "invlpg"},
    {EXIT_SVM, 0x7b, "io"},
    {EXIT_SVM, 0x7c, "msr"},
    {EXIT_SVM, 0x7f, "triple_fault"},
    {EXIT_SVM, 0x81, "hypercall"},
    {EXIT_SVM, 0x89, "wbinvd"},
    {EXIT_SVM, 0x8b, "mwait"},
    {EXIT_SVM, 0x8d, "xsetbv"},
    {EXIT_SVM, 0xa2, "invpcid"},
    {EXIT_SVM, 0x00, "cr_read_0"},
    {EXIT_SVM, 0x10, "cr_write_0"},
    {EXIT_SVM, 0x13, "cr_write_3"},
    {EXIT_SVM, 0x14, "cr_write_4"},
    {EXIT_SVM, 0x46, "exception_ud"},
    {EXIT_SVM, 0x4d, "exception_gp"},
    {EXIT_SVM, 0x4e, "exception_pf"},
    {EXIT_SVM, 0x400, "nested_page_fault"},
    {EXIT_SVM, 0x401, "apic_ipi"},
    {EXIT_SVM, 0x402, "apic_access"},
};

const size_t exit_name_count = sizeof(exit_names) / sizeof(exit_names[0]);

const char *exit_name(struct arena *arena, enum exit_isa isa, uint32_t code)
{
    for (size_t i = 0; i < exit_name_count; i++) {
        if (exit_names[i].isa == isa && exit_names[i].code == code)
            return exit_names[i].name;
    }
    return arena_print(arena, "reason_0x%x", (unsigned)code);
}
