/* SPDX-License-Identifier: MIT */
/*
 * call.c: how a call arrives here: by the SYSCALL instruction (call.S), as an exception, as an interrupt.  The kernel
 * runs with interrupts off and is never preempted; it opens them only while it has nothing to do (env_idle).
 */
#include "micro/call.h"
#include "alloc.h"
#include "base/errno.h"
#include "machine/apic.h"
#include "machine/home.h"
#include "machine/irq.h"
#include "machine/layout.h"
#include "machine/paging.h"
#include "machine/serial.h"
#include "machine/stop.h"
#include "micro/endpoint.h"
#include "micro/fault.h"
#include "micro/micro.h"
#include "micro/offsets.h"
#include "micro/process.h"
#include "micro/time.h"

#define FLAGS_CLEARED 0x47700 /* AC NT IOPL DF IF TF */
#define LOG_CHUNK 256
#define LOG_MAX 4096 /* at once, with interrupts off */

#define OFFSET_IS(type, member, value) _Static_assert(offsetof(type, member) == (value), "offsets.h")
OFFSET_IS(struct thread, sp, THREAD_SP);
OFFSET_IS(struct thread, stack_top, THREAD_STACK_TOP);
OFFSET_IS(struct thread, tls, THREAD_TLS);
OFFSET_IS(struct thread, gs, THREAD_GS);
OFFSET_IS(struct thread, state, THREAD_STATE);
OFFSET_IS(struct thread, killed, THREAD_KILLED);
OFFSET_IS(struct tcb, thread, TCB_THREAD);
OFFSET_IS(struct tcb, handles, TCB_HANDLES);
OFFSET_IS(struct tcb, table, TCB_TABLE);
OFFSET_IS(struct tcb, message, TCB_MESSAGE);
OFFSET_IS(struct tcb, caller, TCB_CALLER);
OFFSET_IS(struct tcb, holder, TCB_HOLDER);
OFFSET_IS(struct tcb, at, TCB_AT);
OFFSET_IS(struct tcb, state, TCB_STATE);
OFFSET_IS(struct tcb, tag, TCB_TAG);
OFFSET_IS(struct tcb, attention, TCB_ATTENTION);
OFFSET_IS(struct tcb, io_map, TCB_IO_MAP);
OFFSET_IS(struct tcb, pager, TCB_PAGER);
OFFSET_IS(struct tcb, regs, TCB_REGS);
OFFSET_IS(struct tcb, info, TCB_INFO);
OFFSET_IS(struct handle, kind, HANDLE_KIND);
OFFSET_IS(struct handle, rights, HANDLE_KIND + 2);
OFFSET_IS(struct handle, object, HANDLE_OBJECT);
OFFSET_IS(struct handle, badge, HANDLE_BADGE);
_Static_assert(sizeof(struct handle) == 24, "ipc_fast.S");
OFFSET_IS(struct endpoint, receiver, ENDPOINT_RECEIVER);
OFFSET_IS(struct table, cr3, TABLE_CR3);
OFFSET_IS(struct trap_tss, rsp, TSS_STACK);
OFFSET_IS(struct trap_tss, io_map, TSS_IO_MAP);
OFFSET_IS(struct domain_message, words, 0);
OFFSET_IS(struct domain_info, pending, INFO_PENDING);
_Static_assert(sizeof(struct trap) == TRAP_BYTES, "ipc_fast.S");
OFFSET_IS(struct call_frame, r15, FRAME_REGISTERS);
_Static_assert(sizeof(struct call_frame) == FRAME_REGISTERS + FRAME_SAVED, "call.S");
_Static_assert(SCHED_RUNNING == THREAD_RUNNING && TCB_RUNS == STATE_RUNS && TCB_RECEIVES == STATE_RECEIVES &&
                   TCB_REPLY == STATE_REPLY && TCB_FAULT == STATE_FAULT,
               "offsets.h");
_Static_assert(OBJECT_ENDPOINT == KIND_ENDPOINT && (HANDLE_RECEIVE << 16 | OBJECT_ENDPOINT) == KIND_RECEIVE &&
                   HANDLES_MAX == HANDLE_SLOTS,
               "offsets.h");
_Static_assert(WIRE_SYSCALL == BOOK_SYSCALL && WIRE_IPC == BOOK_IPC && WIRE_AS_SWITCH == BOOK_AS_SWITCH &&
                   WIRE_AS_SWITCH_KEPT == BOOK_AS_SWITCH_KEPT && WIRE_THREAD_SWITCH == BOOK_THREAD_SWITCH,
               "offsets.h");
_Static_assert(MICRO_CALL == 0 && MESSAGE_WORDS_MAX - MESSAGE_REGISTERS == WORDS_IN_MEMORY, "ipc_fast.S");

/* Ring 3 can change its FS and GS base only with FSGSBASE, and the fast path counts on it. */
void call_init(void)
{
    x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE);
    x86_wrmsr(MSR_STAR, (uint64_t)SEL_USER_BASE << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
    x86_wrmsr(MSR_LSTAR, (uint64_t)(cpu.fsgsbase ? call_entry : call_entry_slow));
    x86_wrmsr(MSR_FMASK, FLAGS_CLEARED);
}

static bool range_is_good(uint64_t address, uint64_t n)
{
    return n <= USER_END && address <= USER_END - n;
}

static int copy(void *to, const void *from, uint64_t n)
{
    uint64_t left;

    cpu_user_begin();
    left = trap_copy(to, from, n);
    cpu_user_end();
    BOOK_ADD(books[WIRE_BYTES_COPIED], n - left);
    return left ? -EFAULT : 0;
}

int call_copy_in(void *to, uint64_t from, uint64_t n)
{
    return range_is_good(from, n) ? copy(to, (const void *)from, n) : -EFAULT;
}

int call_copy_out(uint64_t to, const void *from, uint64_t n)
{
    return range_is_good(to, n) ? copy((void *)to, from, n) : -EFAULT;
}

int64_t call_null(void)
{
    return 0;
}

/* The kernel's books and those that processes keep in their pages. */
int64_t call_books(uint64_t address, uint64_t n)
{
    uint64_t all[WIRE_KINDS] = {0};

    if (n > BOOKS_KEPT)
        n = BOOKS_KEPT;
    for (unsigned i = 0; i < n; i++) {
        all[i] = books[i];
        for (unsigned d = 0; d < PROCESSES_MAX; d++)
            all[i] += processes[d] ? processes[d]->info->books[i] : 0;
    }
    return call_copy_out(address, all, n * sizeof *all) ? -EFAULT : (int64_t)n;
}

int64_t call_usage(uint64_t which)
{
    switch (which) {
    case MICRO_USAGE_FRAMES:
        return (int64_t)(alloc_total_pages() - alloc_free_pages());
    case MICRO_USAGE_HANDLES:
        return (int64_t)handle_count;
    case MICRO_USAGE_OBJECTS:
        return (int64_t)object_count;
    }
    return -EINVAL;
}

int64_t call_log(uint64_t address, uint64_t n)
{
    char text[LOG_CHUNK];

    if (n > LOG_MAX)
        return -EINVAL;
    for (uint64_t done = 0, step; done < n; done += step) {
        step = n - done < sizeof text ? n - done : sizeof text;
        if (call_copy_in(text, address + done, step))
            return -EFAULT;
        serial_write(text, step);
    }
    return 0;
}

static void exception(struct trap *trap)
{
    uint64_t address = trap->vector == VECTOR_PF ? x86_cr2() : 0;

    BOOK_ADD(books[WIRE_EXCEPTION], 1);
    BOOK_ADD(books[WIRE_PAGE_FAULT], trap->vector == VECTOR_PF);
    if (trap->cs & 3 && !trap_is_machine(trap))
        fault_user(trap, address);
    else if (trap->vector != VECTOR_PF || !trap_copy_fault(trap))
        stop_panic("exception in the kernel", trap);
}

static void interrupt(const struct trap *trap)
{
    BOOK_ADD(books[WIRE_INTERRUPT], 1);
    if (trap->vector == TRAP_TIMER) {
        apic_end_of_interrupt();
        time_interrupt();
    } else {
        irq_run((unsigned)trap->vector);
    }
}

void trap_dispatch(struct trap *trap)
{
    cpu_user_end();
    if (trap->vector < TRAP_TIMER)
        exception(trap);
    else
        interrupt(trap);
    if (!(trap->cs & 3))
        return;
    tcb_leave();
    if (!upcall_events(trap, tcb_running->info)) {
        fault_end(trap, 0);
        tcb_leave();
    }
}
