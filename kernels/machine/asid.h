/* SPDX-License-Identifier: MIT */
/*
 * asid.h: numbers for address spaces, by which the processor tells their cached translations apart (PCID, SDM 3A
 * 4.10.1).  Number 0 is everybody's who has none of his own.
 */
#ifndef TOLL_ASID_H
#define TOLL_ASID_H

#define ASID_COUNT 4096u
#define ASID_SHARED 0u

/* From now on only numbers below count (at most ASID_COUNT) are given out. */
void asid_limit(unsigned count);

/* A number that nobody has, ASID_SHARED if there is none; giving it back (ASID_SHARED too).  Numbers that were given
   back are used again as late as possible. */
unsigned asid_get(void);
void asid_put(unsigned asid);

#endif
