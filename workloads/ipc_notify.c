/* SPDX-License-Identifier: MIT */
/*
 * ipc_notify: notifications.  The operation is a notification to another flow of control that waits for one, and
 * one back: no data, two wake-ups.
 */
#include "toll.h"

int main(int argc, char **argv)
{
    toll_main(argc, argv, "ipc_notify");
    toll_cross(WIRE_CROSS_NOTIFY, 0, 0);
    return toll_done();
}
