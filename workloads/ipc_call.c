/* SPDX-License-Identifier: MIT */
/*
 * ipc_call: one protected call by message.  The operation is a call to a server that only answers, with words=N of
 * message and bytes=N of memory both ways: to another address space, or (within=1) to a flow of control in the same
 * one; slow=1 takes the way that is there for every kind of message.
 */
#include "toll.h"

int main(int argc, char **argv)
{
    toll_main(argc, argv, "ipc_call");
    int kind = toll_arg_number("slow", 0)     ? WIRE_CROSS_CALL_SLOW
               : toll_arg_number("within", 0) ? WIRE_CROSS_CALL_WITHIN
                                              : WIRE_CROSS_CALL;
    toll_cross(kind, toll_arg_number("words", 0), toll_arg_number("bytes", 0));
    return toll_done();
}
