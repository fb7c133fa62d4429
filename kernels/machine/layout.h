/* SPDX-License-Identifier: MIT */
/*
 * layout.h: the address space of a machine that runs toll.
 *
 *   0x0000000000010000 .. USER_END      the application's regions
 *   DIRECT_BASE + p                     physical address p, writable, never executable
 *   DEVICE_BASE + p                     device registers at physical p, uncached, mapped when asked for
 *   IMAGE_BASE + p                      the image itself, which is loaded at IMAGE_PHYSICAL
 */
#ifndef TOLL_LAYOUT_H
#define TOLL_LAYOUT_H

#define USER_START 0x0000000000010000
#define USER_END 0x00007ffffff00000
#define DIRECT_BASE 0xffff800000000000
#define DEVICE_BASE 0xffffc00000000000
#define IMAGE_BASE 0xffffffff80000000

#endif
