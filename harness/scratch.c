/* SPDX-License-Identifier: MIT */
/*
 * scratch.c: folders in $TMPDIR, and who they belong to (see scratch.h).
 */
#include "scratch.h"
#include "file.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "toll-"
#define OWNER "owner"

static const char *base_folder(void)
{
    const char *base = getenv("TMPDIR");

    return base && *base ? base : "/tmp";
}

static bool is_ours(int parent, const char *name)
{
    struct stat status;

    return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid();
}

/* True if the folder has an owner's file that nobody holds locked. */
static bool is_left(int parent, const char *name)
{
    int folder, owner = -1;
    bool left;

    if (!is_ours(parent, name))
        return false;
    folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0)
        owner = openat(folder, OWNER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    left = owner >= 0 && flock(owner, LOCK_EX | LOCK_NB) == 0;
    if (owner >= 0)
        close(owner);
    if (folder >= 0)
        close(folder);
    return left;
}

static void remove_left(struct arena *arena, const char *base)
{
    DIR *list = opendir(base);
    const struct dirent *entry;

    while (list && (entry = readdir(list))) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && is_left(dirfd(list), entry->d_name))
            file_remove_tree(arena_print(arena, "%s/%s", base, entry->d_name));
    }
    if (list)
        closedir(list);
}

/* The file gets its name only once it is locked, so that nobody finds it unlocked.  It stays open, and locked, until
   this process ends. */
static int own(struct arena *arena, const char *folder)
{
    const char *path = arena_print(arena, "%s/" OWNER, folder), *unnamed = arena_print(arena, "%s.new", path);
    int file = open(unnamed, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0)
        return -1;
    if (flock(file, LOCK_EX | LOCK_NB) || dprintf(file, "%d\n", (int)getpid()) < 0 || rename(unnamed, path)) {
        close(file);
        return -1;
    }
    return 0;
}

char *scratch_make(struct arena *arena, const char *what, struct error *error)
{
    const char *base = base_folder();
    char *folder = arena_print(arena, "%s/" PREFIX "%sXXXXXX", base, what);

    remove_left(arena, base);
    if (!mkdtemp(folder)) {
        file_error(error, "create the folder", folder);
        return NULL;
    }
    if (own(arena, folder)) {
        file_error(error, "write into the folder", folder);
        scratch_remove(folder);
        return NULL;
    }
    return folder;
}

void scratch_remove(const char *folder)
{
    file_remove_tree(folder);
}
