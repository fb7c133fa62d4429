/* SPDX-License-Identifier: MIT */
/*
 * kvm_exits.bpf.c: counts and times the exits of one guest, by window and reason.
 *
 * It runs in the kernel, on KVM's tracepoints, in the vCPU's own thread: the program that finds thread_id running looks
 * at nothing else.  The layout of the tracepoints' records is not compiled in: libbpf moves each access to where the
 * running kernel has the field (CO-RE).
 */
#include "kvm_exits.h"
#include "wire.h"
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define PASS_ON 1 /* 0 would hide the event from perf's counters of the same tracepoint */
#define VMX 1
#define VMX_REASON_MASK 0xffff /* above are flags */

/* Records of the kernel's tracepoints, with the fields that are used. */
struct trace_event_raw_kvm_exit {
    unsigned exit_reason, isa;
} __attribute__((preserve_access_index));
struct trace_event_raw_kvm_cpuid {
    unsigned function;
} __attribute__((preserve_access_index));

const volatile unsigned thread_id; /* set before loading */

/* One thread writes these, so they need no lock. */
unsigned windows, window, isa;
static struct kvm_exits_key left; /* the exit that was not yet followed by an entry */
static unsigned long long left_ns;

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, KVM_EXITS_ENTRIES);
    __type(key, struct kvm_exits_key);
    __type(value, struct kvm_exits_value);
} exits SEC(".maps");

static int is_other_thread(void)
{
    return (unsigned)bpf_get_current_pid_tgid() != thread_id;
}

static struct kvm_exits_value *value_of(const struct kvm_exits_key *key)
{
    static const struct kvm_exits_value none;
    struct kvm_exits_value *value = bpf_map_lookup_elem(&exits, key);

    if (value)
        return value;
    bpf_map_update_elem(&exits, key, &none, BPF_NOEXIST);
    return bpf_map_lookup_elem(&exits, key);
}

SEC("tracepoint/kvm/kvm_exit")
int exit_count(struct trace_event_raw_kvm_exit *record)
{
    struct kvm_exits_key key = {0};
    struct kvm_exits_value *value;

    if (is_other_thread())
        return PASS_ON;
    isa = record->isa;
    key.window = window;
    key.reason = record->exit_reason;
    if (isa == VMX)
        key.reason &= VMX_REASON_MASK;
    value = value_of(&key);
    if (value)
        value->count++;
    left = key;
    left_ns = bpf_ktime_get_ns();
    return PASS_ON;
}

SEC("tracepoint/kvm/kvm_entry")
int entry_time(void *record)
{
    struct kvm_exits_key key;
    struct kvm_exits_value *value;

    (void)record;
    if (is_other_thread() || left_ns == 0)
        return PASS_ON;
    key = left;
    value = value_of(&key);
    if (value)
        value->ns += bpf_ktime_get_ns() - left_ns;
    left_ns = 0;
    return PASS_ON;
}

/* The exit by which the guest says that a window ends was counted in it: it moves outside. */
static void window_end(void)
{
    struct kvm_exits_key key = left;
    struct kvm_exits_value *value = value_of(&key);

    window = 0;
    if (value && value->count > 0)
        value->count--;
    key.window = left.window = 0;
    value = value_of(&key);
    if (value)
        value->count++;
}

SEC("tracepoint/kvm/kvm_cpuid")
int mark_see(struct trace_event_raw_kvm_cpuid *record)
{
    if (is_other_thread())
        return PASS_ON;
    if (record->function == WIRE_LEAF_BEGIN && windows < KVM_EXITS_WINDOWS_MAX)
        window = ++windows;
    else if (record->function == WIRE_LEAF_END)
        window_end();
    return PASS_ON;
}

char licence[] SEC("license") = "Dual MIT/GPL";
