/* SPDX-License-Identifier: MIT */
/*
 * upcall: out of the kernel and back.  The operation is an upcall: the kernel makes the application go on in its
 * handler, which goes back to where it was.
 */
#include "toll.h"

int main(int argc, char **argv)
{
    toll_main(argc, argv, "upcall");
    toll_cross(WIRE_CROSS_UPCALL, 0, 0);
    return toll_done();
}
