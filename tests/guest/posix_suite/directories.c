/* SPDX-License-Identifier: MIT */
/* directories.c: names: directories, links, renaming, the working directory. */
#include "posix_suite/suite.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES 60

static void file_make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    if (fd < 0 || write(fd, path, strlen(path)) < 0)
        suite_line("%s cannot be made: %d", path, errno);
    close(fd);
}

/* What path reads as. */
static void file_say(const char *path)
{
    char text[64];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

    suite_line("%s: '%.*s'", path, n < 0 ? 0 : (int)n, text);
    close(fd);
}

static void making(void)
{
    struct stat st;
    char name[300];

    CALL(mkdir("d", 0777));
    CALL(mkdir("d", 0777));
    CALL(mkdir("missing/d", 0777));
    CALL(mkdir("d/e/", 0700));
    CALL(stat("d/e", &st));
    suite_line("mode %o", st.st_mode);
    CALL(rmdir("d"));
    CALL(rmdir("d/e/."));
    CALL(rmdir("d/missing"));
    file_make("d/file");
    CALL(mkdir("d/file/x", 0777));
    CALL(rmdir("d/file"));
    CALL(unlink("d/e"));
    CALL(unlink("d/missing"));
    CALL(open("d/new/", O_CREAT | O_RDWR, 0644));
    CALL(stat("d/file/", &st));
    CALL(access("d/file", R_OK));
    CALL(access("d/none", R_OK));
    memset(name, 'n', sizeof name);
    name[255] = 0;
    CALL(mkdir(name, 0777));
    CALL(rmdir(name));
    name[255] = 'n';
    name[256] = 0;
    CALL(mkdir(name, 0777));
    CALL(rmdir("/"));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void listing(void)
{
    char *names[NAMES + 10], path[64];
    unsigned n = 0;
    struct dirent *e;

    CALL(mkdir("list", 0755));
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(path, sizeof path, "list/a-name-of-some-length-%u", i * 7);
        file_make(path);
    }
    DIR *dir = opendir("list");
    while (dir && n < NAMES + 10 && (e = readdir(dir)))
        names[n++] = strdup(e->d_name);
    CALL(n);
    qsort(names, n, sizeof *names, by_name);
    for (unsigned i = 0; i < n; i++) {
        suite_line("entry %s", names[i]);
        snprintf(path, sizeof path, "list/%s", names[i]);
        if (i >= 2)
            unlink(path);
        free(names[i]);
    }
    rewinddir(dir);
    for (n = 0; readdir(dir);)
        n++;
    CALL(n);
    CALL(closedir(dir));
    CALL(rmdir("list"));
}

static void renaming(void)
{
    struct stat a, b;
    int fd;

    file_make("d/one");
    file_make("d/two");
    CALL(rename("d/one", "d/two"));
    file_say("d/two");
    CALL(rename("d/one", "d/two"));
    CALL(rename("d/two", "d/e"));
    CALL(rename("d/e", "d/two"));
    CALL(rename("d/e", "d/e/below"));
    CALL(rename("d", "d/e/d"));
    CALL(rename("d/two", "d/two"));
    CALL(rename("d/two", "d/e/moved"));
    CALL(rename("d/e", "f"));
    file_say("f/moved");
    CALL(mkdir("empty", 0755));
    CALL(rename("f", "empty"));
    CALL(rename("empty", "d"));
    CALL(rename(".", "x"));
    CALL(link("empty/moved", "linked"));
    CALL(link("empty/moved", "linked"));
    CALL(link("empty", "linked2"));
    CALL(link("missing", "linked2"));
    CALL(linkat(AT_FDCWD, "empty/moved", AT_FDCWD, "linked2", 1));
    CALL(stat("linked", &a));
    CALL(stat("empty/moved", &b));
    TRUTH(a.st_ino == b.st_ino && a.st_nlink == 2);
    CALL(rename("linked", "empty/moved"));
    fd = open("linked", O_RDONLY);
    CALL(unlink("linked"));
    CALL(unlink("empty/moved"));
    CALL(fstat(fd, &a));
    suite_line("links %ld size %ld", (long)a.st_nlink, (long)a.st_size);
    CALL(close(fd));
    CALL(rmdir("empty"));
}

static void links(void)
{
    char text[100] = "";
    struct stat st;

    CALL(symlink("d/file", "s"));
    CALL(symlink("d/file", "s"));
    CALL(symlink("", "s2"));
    CALL(readlink("s", text, sizeof text));
    suite_line("link to '%s'", text);
    CALL(readlink("s", text, 3));
    CALL(readlink("d/file", text, sizeof text));
    CALL(readlink("missing", text, sizeof text));
    file_say("s");
    CALL(lstat("s", &st));
    suite_line("type %o size %ld", st.st_mode & S_IFMT, (long)st.st_size);
    CALL(stat("s", &st));
    suite_line("type %o", st.st_mode & S_IFMT);
    CALL(open("s", O_RDONLY | O_NOFOLLOW));
    CALL(open("s", O_CREAT | O_EXCL | O_RDWR, 0644));
    CALL(symlink("loop", "loop"));
    CALL(open("loop", O_RDONLY));
    CALL(stat("loop/x", &st));
    CALL(symlink("nothing", "dangling"));
    CALL(open("dangling", O_RDONLY));
    CALL(close(open("dangling", O_RDWR | O_CREAT, 0644)));
    CALL(access("nothing", F_OK));
    CALL(symlink("d", "sd"));
    file_say("sd/file");
    file_say("sd/../sd/./file");
    CALL(unlink("sd"));
    CALL(unlink("s"));
    CALL(unlink("loop"));
    CALL(unlink("dangling"));
    CALL(unlink("nothing"));
}

static void at_calls(void)
{
    struct stat st;
    int dir = open("d", O_RDONLY | O_DIRECTORY), file = open("d/file", O_RDONLY), fd;

    fd = openat(dir, "file", O_RDONLY);
    CALL(fd);
    CALL(openat(file, "x", O_RDONLY));
    CALL(openat(99, "x", O_RDONLY));
    CALL(mkdirat(dir, "sub", 0755));
    CALL(fstatat(dir, "sub", &st, 0));
    CALL(fstatat(dir, "", &st, 0));
    CALL(fstatat(fd, "", &st, AT_EMPTY_PATH));
    CALL(unlinkat(dir, "sub", 0));
    CALL(unlinkat(dir, "sub", AT_REMOVEDIR));
    CALL(renameat(dir, "file", dir, "file2"));
    CALL(renameat(dir, "file2", dir, "file"));
    CALL(linkat(dir, "file", dir, "hard", 0));
    CALL(symlinkat("file", dir, "soft"));
    CALL(readlinkat(dir, "soft", (char[10]){0}, 10));
    CALL(faccessat(dir, "soft", F_OK, 0));
    CALL(fchmodat(dir, "hard", 0601, 0));
    CALL(unlinkat(dir, "hard", 0));
    CALL(unlinkat(dir, "soft", 0));
    CALL(read(dir, &st, 10));
    CALL(write(dir, &st, 10));
    CALL(lseek(dir, 0, SEEK_SET));
    CALL(utimensat(dir, "file", (struct timespec[2]){{.tv_sec = 1000}, {.tv_sec = 2000}}, 0));
    CALL(fstatat(dir, "file", &st, 0));
    suite_line("times %ld %ld", (long)st.st_atime, (long)st.st_mtime);
    CALL(close(fd));
    CALL(close(file));
    CALL(close(dir));
}

static void working_directory(void)
{
    char base[200], now[400], small[2];
    int fd = open(".", O_RDONLY);
    unsigned long n;

    TRUTH(getcwd(base, sizeof base) == base);
    n = strlen(base);
    CALL(mkdir("deep", 0755));
    CALL(mkdir("deep/er", 0755));
    CALL(mkdir("deep/er/est", 0755));
    CALL(chdir("deep/er/est"));
    TRUTH(getcwd(now, sizeof now) == now && strncmp(now, base, n) == 0);
    suite_line("below: %s", now + n);
    errno = 0;
    TRUTH(getcwd(small, sizeof small) == NULL && errno == ERANGE);
    file_make("here");
    CALL(chdir(".."));
    file_say("est/here");
    CALL(chdir("est/here"));
    CALL(chdir("none"));
    CALL(unlink("est/here"));
    CALL(rmdir("est"));
    CALL(fchdir(fd));
    CALL(fchdir(99));
    TRUTH(getcwd(now, sizeof now) == now && strcmp(now, base) == 0);
    CALL(rmdir("deep/er"));
    CALL(rmdir("deep"));
    CALL(close(fd));
}

void suite_directories(void)
{
    suite_line("# directories");
    making();
    listing();
    renaming();
    CALL(mkdir("d/e", 0755));
    links();
    at_calls();
    working_directory();
    CALL(rmdir("d/e"));
    CALL(unlink("d/file"));
    CALL(rmdir("d"));
}
