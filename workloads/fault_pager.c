/* SPDX-License-Identifier: MIT */
/*
 * fault_pager: a page fault and nothing else.  The operation is an access to a page that is not there; the kernel
 * tells the pager, which only lets the access go on.
 */
#include "toll.h"

int main(int argc, char **argv)
{
    toll_main(argc, argv, "fault_pager");
    toll_cross(WIRE_CROSS_FAULT, 0, 0);
    return toll_done();
}
