/* SPDX-License-Identifier: MIT */
/* disk.h: the disk as a server's client of the driver. */
#ifndef TOLL_MICRO_DISK_H
#define TOLL_MICRO_DISK_H

/* Asks the driver whether there is one: 0, -ENODEV and what else blk_init returns. */
int disk_init(void);

#endif
