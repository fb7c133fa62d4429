/* SPDX-License-Identifier: MIT */
/* call.h: the ways into this kernel. */
#ifndef TOLL_CALL_H
#define TOLL_CALL_H

#include <stdint.h>

/* A call's first argument is its number, which has been looked at already. */
#define CALL_N uint64_t call __attribute__((unused))

/* Makes the SYSCALL instruction lead to call_entry. */
void call_init(void);
void call_entry(void);

/* The calls of exo.h, in the order of their numbers. */
int64_t call_frame_get(CALL_N);
int64_t call_frame_put(CALL_N, uint64_t frame);
int64_t call_map(CALL_N, uint64_t table, uint64_t address, uint64_t frame, uint64_t access);
int64_t call_unmap(CALL_N, uint64_t table, uint64_t address);
int64_t call_protect(CALL_N, uint64_t table, uint64_t address, uint64_t access);
int64_t call_entry_read(CALL_N, uint64_t table, uint64_t address);
int64_t call_entry_next(CALL_N, uint64_t table, uint64_t address, uint64_t end);
int64_t call_table_make(CALL_N);
int64_t call_table_free(CALL_N, uint64_t table);
int64_t call_table_load(CALL_N, uint64_t table);
int64_t call_extent_bind(CALL_N, uint64_t first, uint64_t sectors);
int64_t call_extent_free(CALL_N, uint64_t extent);
int64_t call_disk(CALL_N, uint64_t op, uint64_t extent, uint64_t sector, uint64_t segments, uint64_t count,
                  uint64_t tag);
int64_t call_wait(CALL_N, uint64_t deadline_ns, uint64_t listen);
int64_t call_alarm(CALL_N, uint64_t deadline_ns);
int64_t call_yield(CALL_N);
int64_t call_console_write(CALL_N, uint64_t address, uint64_t n);
int64_t call_console_read(CALL_N, uint64_t address, uint64_t n);
int64_t call_console_listen(CALL_N);
int64_t call_tls(CALL_N, uint64_t base);
int64_t call_books(CALL_N, uint64_t address, uint64_t n);
int64_t call_end(CALL_N, uint64_t status);
int64_t call_null(CALL_N);
int64_t call_nic_info(CALL_N, uint64_t address);
int64_t call_nic_claim(CALL_N, uint64_t address);
int64_t call_nic_claim_end(CALL_N, uint64_t claim);
int64_t call_nic_ring(CALL_N, uint64_t address, uint64_t n);
int64_t call_nic_send(CALL_N, uint64_t segments, uint64_t count, uint64_t sum, uint64_t tag);
int64_t call_nic_listen(CALL_N);
int64_t call_usage(CALL_N);

#endif
