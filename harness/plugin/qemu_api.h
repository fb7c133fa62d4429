/* SPDX-License-Identifier: MIT */
/*
 * qemu_api.h: the part of QEMU's TCG plugin interface that the counting plugin uses, declared here because
 * distributions do not package QEMU's header.
 *
 * Its generations differ in what matters here:
 *
 *      plugin API    QEMU          inline additions go to              an instruction's bytes come
 *      1             7.2 ... 8.2   a plain 64-bit word                 as a pointer
 *      2             9.0           a scoreboard's word (per vCPU)      as a pointer
 *      3 and later   9.1 ...       a scoreboard's word (per vCPU)      copied to the caller's buffer
 *
 * The first has run under QEMU 7.2, the last under 10.0 (version 4); both count alike.
 *
 * Functions that every generation has are linked; those that changed are found with dlsym when the plugin is
 * loaded, and reached through struct qemu_api.  QEMU reads qemu_plugin_version before it calls anything, so a
 * constructor sets it (see qemu_api.c).
 */
#ifndef TOLL_QEMU_API_H
#define TOLL_QEMU_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_EXPORT __attribute__((visibility("default")))

enum { QEMU_CB_NO_REGS = 0 };
enum { QEMU_INLINE_ADD_U64 = 0 };
enum { QEMU_MEM_BOTH = 3 }; /* QEMU 7.2 confuses reads and writes when asked for only one of them */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_scoreboard;

struct qemu_info {
    const char *target_name;
    struct {
        int min, cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus, max_vcpus;
    } system;
};

typedef void qemu_vcpu_cb(unsigned vcpu, void *data);
typedef void qemu_translate_cb(uint64_t id, struct qemu_plugin_tb *tb);
typedef void qemu_exit_cb(uint64_t id, void *data);
typedef void qemu_mem_cb(unsigned vcpu, uint32_t info, uint64_t address, void *data);

/* Called by QEMU. */
extern QEMU_EXPORT int qemu_plugin_version;
QEMU_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

/* The same in every generation. */
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_translate_cb *cb);
void qemu_plugin_register_atexit_cb(uint64_t id, qemu_exit_cb *cb, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_vcpu_cb *cb, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_vcpu_cb *cb, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_mem_cb *cb, int flags, int rw, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
unsigned qemu_plugin_mem_size_shift(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *hwaddr);
const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *hwaddr);

/* Finishes the detection and makes count 64-bit words, all 0, that inline additions can reach.  0, or -1 if this
   QEMU has neither generation of them. */
int qemu_api_init(const struct qemu_info *info, size_t count);

/* The words.  Their address is known only once the vCPU exists, so not before the first translation. */
uint64_t *qemu_api_words(void);

/* Adds amount to word index whenever insn is about to be executed. */
void qemu_api_add(struct qemu_plugin_insn *insn, size_t index, uint64_t amount);
/* Adds amount after each read or write of memory that insn has made. */
void qemu_api_add_on_access(struct qemu_plugin_insn *insn, size_t index, uint64_t amount);

/* Copies the first bytes of the instruction, at most size; how many. */
size_t qemu_api_bytes(const struct qemu_plugin_insn *insn, uint8_t *out, size_t size);

#endif
