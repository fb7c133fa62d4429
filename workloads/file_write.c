/* SPDX-License-Identifier: MIT */
/*
 * file_write: how a careful program replaces a file.  The operation makes a new file, writes 4 KiB, has it brought
 * to stable storage, renames it and removes it again, so each one finds the volume as the one before did.  After
 * the window one more file is made the same way and read back before it goes.
 */
#include "toll.h"
#include "toll_hash.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BYTES 4096u

static unsigned char data[BYTES];

/* 0, or which step failed. */
static int file_make(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0)
        return 1;
    int step = write(fd, data, BYTES) != (ssize_t)BYTES ? 2 : fsync(fd) != 0 ? 3 : 0;
    return close(fd) != 0 && step == 0 ? 4 : step;
}

static void file_verify(const char *path)
{
    unsigned char got[BYTES + 1];
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, got, sizeof got);
    close(fd);
    toll_check(n == (ssize_t)BYTES && memcmp(got, data, BYTES) == 0, "%s: what was read is not what was written", path);
    uint64_t hash = toll_hash(TOLL_HASH_START, got, BYTES);
    toll_output(&hash, sizeof hash);
}

int main(int argc, char **argv)
{
    static const char *const steps[] = {"nothing", "open", "write", "fsync", "close"};
    char made[256], renamed[256];

    toll_main(argc, argv, "file_write");
    const char *directory = toll_arg("dir", "tmp");
    uint64_t ops = toll_arg_number("ops", 50), warm = toll_arg_number("warm", 4);
    snprintf(made, sizeof made, "%s/new", directory);
    snprintf(renamed, sizeof renamed, "%s/file", directory);
    for (unsigned i = 0; i < BYTES; i++)
        data[i] = (unsigned char)(i * 7 + (i >> 8));

    int failed = 0, lost = 0;
    TOLL_WINDOW(ops, warm)
    {
        failed |= file_make(made);
        lost |= rename(made, renamed) | unlink(renamed);
        data[0]++;
    }
    toll_check(failed < 5 && failed >= 0, "%s: several steps failed", made);
    toll_check(failed == 0, "%s: %s failed", made, steps[failed < 5 ? failed : 0]);
    toll_check(lost == 0, "%s: rename or unlink failed", renamed);

    data[0] = 0;
    toll_check(file_make(made) == 0 && rename(made, renamed) == 0, "%s: cannot be made once more", renamed);
    file_verify(renamed);
    toll_check(unlink(renamed) == 0 && access(renamed, F_OK) != 0, "%s: is still there", renamed);
    return toll_done();
}
