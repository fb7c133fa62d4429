/* SPDX-License-Identifier: MIT */
/* test_fs.c: the file system part in the host home, function by function, for every block size. */
#include "fs_fixture.h"

int main(void)
{
    return tests_file() + tests_tree() + tests_mount() + tests_crash();
}
