/* SPDX-License-Identifier: MIT */
/* fake_fs.h: a few files in memory behind fs.h, for tests of what lies above it.  Node n is fake_fs.files[n], whose
   path is "fN"; node 0 is the root.  Everything that changes directories answers -ENOSYS. */
#ifndef TOLL_TEST_FAKE_FS_H
#define TOLL_TEST_FAKE_FS_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_FILES 4

struct fake_file {
    uint8_t *bytes; /* the test's, room long */
    uint64_t size, room;
    uint32_t mode;
    int refs;
};

struct fake_fs {
    struct fake_file files[FAKE_FILES];
    unsigned loads, writes;
    int load_error, write_error; /* what the next ones answer, if not 0 */
    bool sleeps;                 /* fs_load, fs_write and fs_stat let others go first */
    void (*on_load)(void);       /* called in each fs_load */
};

extern struct fake_fs fake_fs;

/* All references but the root's. */
int fake_fs_refs(void);

#endif
