/* SPDX-License-Identifier: MIT */
/*
 * kernel_call: into the kernel and back, by the cheapest call that it has; where a call of the system is not one of
 * the kernel, this is what one costs.
 */
#include "toll.h"

int main(int argc, char **argv)
{
    toll_main(argc, argv, "kernel_call");
    toll_cross(WIRE_CROSS_KERNEL, 0, 0);
    return toll_done();
}
