/* SPDX-License-Identifier: MIT */
/*
 * call_null: the way into the system and back.  The operation is one call of getpid, which the C library does not
 * cache and which asks for the least work that a call can ask for.
 */
#include "toll.h"
#include <unistd.h>

int main(int argc, char **argv)
{
    toll_main(argc, argv, "call_null");
    pid_t self = getpid();
    TOLL_WINDOW(toll_arg_number("ops", 1000), toll_arg_number("warm", 16))
    {
        getpid();
    }
    toll_check(self > 0, "getpid gave %d", (int)self);
    toll_check(getpid() == self, "getpid gave %d, then %d", (int)self, (int)getpid());
    toll_output("same process\n", 13);
    return toll_done();
}
