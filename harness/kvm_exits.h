/* SPDX-License-Identifier: MIT */
/*
 * kvm_exits.h: what the BPF program and its loader share.
 */
#ifndef TOLL_KVM_EXITS_H
#define TOLL_KVM_EXITS_H

#define KVM_EXITS_WINDOWS_MAX 256 /* measured windows in one guest */
#define KVM_EXITS_ENTRIES 8192    /* reasons over all windows */

/* Window 0 is whatever lies outside of windows. */
struct kvm_exits_key {
    unsigned window, reason;
};

struct kvm_exits_value {
    unsigned long long count, ns;
};

#endif
