/* SPDX-License-Identifier: MIT */
/*
 * null: the floor.  The operation is empty, so what remains in the window is the loop itself and whatever the
 * system does on its own account; every other workload is read against this one.
 */
#include "toll.h"

int main(int argc, char **argv)
{
    toll_main(argc, argv, "null");
    TOLL_WINDOW(toll_arg_number("ops", 1000), toll_arg_number("warm", 0))
    {
    }
    toll_output("nothing\n", 8);
    return toll_done();
}
