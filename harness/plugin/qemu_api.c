/* SPDX-License-Identifier: MIT */
/*
 * qemu_api.c: hides what differs between the generations of QEMU's plugin interface (see qemu_api.h).
 */
#include "qemu_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word of a scoreboard; passed by value to QEMU's per-vCPU functions. */
struct scoreboard_word {
    struct qemu_plugin_scoreboard *score;
    size_t offset;
};

int qemu_plugin_version = 1;

static struct {
    void (*insn_add)(struct qemu_plugin_insn *, int op, void *word, uint64_t amount);
    void (*mem_add)(struct qemu_plugin_insn *, int rw, int op, void *word, uint64_t amount);
    void (*insn_add_per_vcpu)(struct qemu_plugin_insn *, int op, struct scoreboard_word, uint64_t amount);
    void (*mem_add_per_vcpu)(struct qemu_plugin_insn *, int rw, int op, struct scoreboard_word, uint64_t amount);
    struct qemu_plugin_scoreboard *(*scoreboard_new)(size_t bytes);
    void *(*scoreboard_find)(struct qemu_plugin_scoreboard *, unsigned vcpu);
    void *insn_data; /* its type depends on copies_bytes */
    bool copies_bytes;
} api;

static struct qemu_plugin_scoreboard *score;
static uint64_t *words;

/* The conversion from an object pointer that POSIX allows and ISO C does not. */
#define FIND(field, name) (*(void **)&api.field = dlsym(RTLD_DEFAULT, name))

/* Runs when QEMU loads the plugin, before QEMU looks at qemu_plugin_version: QEMU from 9.0 on refuses 1, and
   older ones refuse 2. */
__attribute__((constructor)) static void detect(void)
{
    FIND(scoreboard_new, "qemu_plugin_scoreboard_new");
    FIND(scoreboard_find, "qemu_plugin_scoreboard_find");
    FIND(insn_add_per_vcpu, "qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu");
    FIND(mem_add_per_vcpu, "qemu_plugin_register_vcpu_mem_inline_per_vcpu");
    FIND(insn_add, "qemu_plugin_register_vcpu_insn_exec_inline");
    FIND(mem_add, "qemu_plugin_register_vcpu_mem_inline");
    FIND(insn_data, "qemu_plugin_insn_data");
    if (api.scoreboard_new)
        qemu_plugin_version = 2;
}

int qemu_api_init(const struct qemu_info *info, size_t count)
{
    api.copies_bytes = info->version.cur >= 3;
    if (!api.insn_data)
        return -1;
    if (api.scoreboard_new && api.scoreboard_find && api.insn_add_per_vcpu && api.mem_add_per_vcpu) {
        score = api.scoreboard_new(count * sizeof(uint64_t));
        return score ? 0 : -1;
    }
    if (!api.insn_add || !api.mem_add)
        return -1;
    words = calloc(count, sizeof(uint64_t));
    return words ? 0 : -1;
}

uint64_t *qemu_api_words(void)
{
    return score ? api.scoreboard_find(score, 0) : words;
}

void qemu_api_add(struct qemu_plugin_insn *insn, size_t index, uint64_t amount)
{
    struct scoreboard_word word = {score, index * sizeof(uint64_t)};

    if (score)
        api.insn_add_per_vcpu(insn, QEMU_INLINE_ADD_U64, word, amount);
    else
        api.insn_add(insn, QEMU_INLINE_ADD_U64, &words[index], amount);
}

void qemu_api_add_on_access(struct qemu_plugin_insn *insn, size_t index, uint64_t amount)
{
    struct scoreboard_word word = {score, index * sizeof(uint64_t)};

    if (score)
        api.mem_add_per_vcpu(insn, QEMU_MEM_BOTH, QEMU_INLINE_ADD_U64, word, amount);
    else
        api.mem_add(insn, QEMU_MEM_BOTH, QEMU_INLINE_ADD_U64, &words[index], amount);
}

size_t qemu_api_bytes(const struct qemu_plugin_insn *insn, uint8_t *out, size_t size)
{
    const void *(*point)(const struct qemu_plugin_insn *);
    size_t (*copy)(const struct qemu_plugin_insn *, void *, size_t);
    size_t length = qemu_plugin_insn_size(insn);
    size_t n = length < size ? length : size;

    if (api.copies_bytes) {
        *(void **)&copy = api.insn_data;
        return copy(insn, out, n);
    }
    *(void **)&point = api.insn_data;
    memcpy(out, point(insn), n);
    return n;
}
