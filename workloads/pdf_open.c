/* SPDX-License-Identifier: MIT */
/*
 * pdf_open: what a viewer does when it opens a file.  The operation opens one PDF file, maps it, reads it as far as
 * the text of its first page (pdf/pdf.h), hashes that and lets go of everything again.  Files are named by words
 * file=PATH and taken in turn; without any, by those in the default list.
 *
 * The output is each file's name, version, number of pages and text; every later time has to give the same hash as
 * the first, so a read that went wrong once is noticed.
 */
#include "pdf/pdf.h"
#include "toll.h"
#include "toll_hash.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 64u

static const char *const files_default[] = {"pdf/matplotlib.pdf", "pdf/cairo.pdf", "pdf/pdftex.pdf",
                                            "pdf/ghostscript.pdf", "pdf/libreoffice.pdf"};

static struct file {
    const char *path;
    uint64_t hash;
} files[FILES_MAX];

static unsigned files_list(void)
{
    unsigned count = 0;
    for (const char *path; count < FILES_MAX && (path = toll_arg_nth("file", count)); count++)
        files[count].path = path;
    if (count > 0)
        return count;
    for (; count < sizeof files_default / sizeof files_default[0]; count++)
        files[count].path = files_default[count];
    return count;
}

/* The file in memory, or MAP_FAILED. */
static void *file_map(const char *path, size_t *bytes)
{
    struct stat status;
    void *memory = MAP_FAILED;
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return memory;
    if (fstat(fd, &status) == 0 && status.st_size > 0) {
        *bytes = (size_t)status.st_size;
        memory = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    } else {
        errno = ENODATA; /* an empty file cannot be mapped */
    }
    close(fd);
    return memory;
}

/* Reads the file; false if it cannot be read, for which toll_check has then been given the reason. */
static bool file_read(const char *path, struct pdf_result *result)
{
    static const struct pdf_limits limits = PDF_LIMITS_DEFAULT;
    size_t bytes = 0;
    void *memory = file_map(path, &bytes);
    memset(result, 0, sizeof *result);
    if (memory == MAP_FAILED) {
        toll_check(false, "%s: cannot be opened and mapped: %s", path, strerror(errno));
        return false;
    }
    bool ok = pdf_read(memory, bytes, &limits, result);
    munmap(memory, bytes);
    toll_check(ok, "%s: %s", path, result->error);
    return ok;
}

static uint64_t result_hash(const struct pdf_result *result)
{
    uint64_t facts[] = {result->version_major, result->version_minor, result->pages};
    return toll_hash(toll_hash(TOLL_HASH_START, facts, sizeof facts), result->text, result->text_bytes);
}

static uint64_t file_open(const char *path)
{
    struct pdf_result result;
    uint64_t hash = file_read(path, &result) ? result_hash(&result) : 0;
    pdf_result_free(&result);
    return hash;
}

/* The first time: what the file says goes to the output, its hash is kept. */
static void file_introduce(struct file *file)
{
    struct pdf_result result;
    char line[256];
    if (file_read(file->path, &result)) {
        file->hash = result_hash(&result);
        snprintf(line, sizeof line, "%.200s: PDF %u.%u, pages: %llu\n", file->path, result.version_major,
                 result.version_minor, (unsigned long long)result.pages);
        toll_output(line, strlen(line));
        toll_output(result.text, result.text_bytes);
    }
    pdf_result_free(&result);
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "pdf_open");
    unsigned count = files_list();
    uint64_t ops = toll_arg_number("ops", 20), warm = toll_arg_number("warm", count);

    for (unsigned i = 0; i < count; i++)
        file_introduce(&files[i]);

    unsigned next = 0;
    bool same = true;
    TOLL_WINDOW(ops, warm)
    {
        same &= file_open(files[next].path) == files[next].hash;
        next = next + 1 < count ? next + 1 : 0;
    }
    toll_check(same, "a file's text was not the same as the first time");
    return toll_done();
}
