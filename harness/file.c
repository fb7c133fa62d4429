/* SPDX-License-Identifier: MIT */
/*
 * file.c: whole files and folders, by plain system calls.
 */
#include "file.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 64

int file_error(struct error *error, const char *what, const char *path)
{
    int number = errno;
    const char *advice = "";

    if (number == ENOSPC || number == EDQUOT)
        advice = "; make room on that disk and try again";
    else if (number == EACCES || number == EPERM)
        advice = "; check who may use it";
    else if (number == EROFS)
        advice = "; copy it to where files can be written, or name another place";
    return error_set(error, TOLL_HOST, "cannot %s %s: %s%s", what, path, strerror(number), advice);
}

static char *read_fd(struct arena *arena, int fd, size_t *bytes)
{
    size_t room = 65536, length = 0;
    struct stat status;
    char *text;
    ssize_t n;

    if (fstat(fd, &status) == 0 && status.st_size > 0)
        room = (size_t)status.st_size + 1;
    text = arena_alloc(arena, room + 1);
    while ((n = read(fd, text + length, room - length)) != 0) {
        if (n < 0 && errno != EINTR)
            return NULL;
        length += n > 0 ? (size_t)n : 0;
        if (length == room) {
            char *bigger = arena_alloc(arena, room * 2 + 1);

            memcpy(bigger, text, length);
            text = bigger;
            room *= 2;
        }
    }
    text[length] = '\0';
    if (bytes)
        *bytes = length;
    return text;
}

char *file_read_optional(struct arena *arena, const char *path, size_t *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text;
    int number;

    if (fd < 0)
        return NULL;
    text = read_fd(arena, fd, bytes);
    number = errno;
    close(fd);
    errno = number;
    return text;
}

char *file_read(struct arena *arena, const char *path, size_t *bytes, struct error *error)
{
    char *text = file_read_optional(arena, path, bytes);

    if (!text)
        file_error(error, "read", path);
    return text;
}

int file_write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

/* That a file is there under its name is on stable storage once its folder is; where a folder cannot be brought there
   nobody can. */
static void folder_sync(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    int fd;

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int file_write_atomic(const char *path, const char *text, size_t bytes, struct error *error)
{
    char temporary[4096];
    int fd, failed;

    /* Its own, for another toll may be deriving the same file. */
    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new-%d", path, (int)getpid()) >= sizeof(temporary))
        return error_set(error, TOLL_USAGE, "the path %s is too long", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return file_error(error, "create", temporary);
    failed = file_write_all(fd, text, bytes) || fsync(fd);
    failed |= close(fd);
    if (failed || rename(temporary, path)) {
        file_error(error, "write", path);
        unlink(temporary);
        return -1;
    }
    folder_sync(path);
    return 0;
}

/* Holes stay holes: images are mostly empty. */
static int copy_fd(int in, int out, off_t size)
{
    off_t at = 0;

    while (at < size) {
        off_t data = lseek(in, at, SEEK_DATA), hole;

        if (data < 0)
            break;
        hole = lseek(in, data, SEEK_HOLE);
        if (hole < 0)
            return -1;
        for (at = data; at < hole;) {
            off_t to = at;
            ssize_t n = copy_file_range(in, &at, out, &to, (size_t)(hole - at), 0);

            if (n <= 0)
                return -1;
        }
    }
    return ftruncate(out, size);
}

static int copy_plain(int in, int out)
{
    char buffer[65536];
    ssize_t n;

    if (lseek(in, 0, SEEK_SET) < 0 || lseek(out, 0, SEEK_SET) < 0)
        return -1;
    while ((n = read(in, buffer, sizeof(buffer))) > 0) {
        if (file_write_all(out, buffer, (size_t)n))
            return -1;
    }
    return n < 0 ? -1 : 0;
}

int file_copy(const char *from, const char *to, struct error *error)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, result = -1;
    struct stat status;

    if (in < 0 || fstat(in, &status))
        file_error(error, "read", from);
    else if ((out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0)
        file_error(error, "create", to);
    else if (copy_fd(in, out, status.st_size) && copy_plain(in, out))
        file_error(error, "write", to);
    else
        result = 0;
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) && result == 0)
        result = file_error(error, "write", to);
    return result;
}

int file_make_folders(const char *path, struct error *error)
{
    char part[4096];

    for (size_t i = 1; i <= strlen(path) && i < sizeof(part); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) && errno != EEXIST)
            return file_error(error, "create the folder", part);
    }
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void file_remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int file_name_check(const char *name, struct error *error)
{
    size_t length = 0;

    while (name[length] && (isalnum((unsigned char)name[length]) || strchr("._+-", name[length])))
        length++;
    if (length > 0 && length <= NAME_MAX_LENGTH && !name[length] && name[0] != '.' && name[0] != '-')
        return 0;
    return error_set(error, TOLL_USAGE,
                     "%s: expected a name of up to %d letters, digits and . _ + -, that does not begin with . or -",
                     name, NAME_MAX_LENGTH);
}

int64_t file_size(const char *path)
{
    struct stat status;

    return stat(path, &status) ? -1 : (int64_t)status.st_size;
}
