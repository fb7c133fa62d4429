/* SPDX-License-Identifier: MIT */
/*
 * fs.c: fs.h as messages to the server of that name.
 *
 * Data passes through the buffer that is shared with the server.  With path=copy the kernel copies straight from and to
 * the caller's memory, which must be present then: what is not is touched, and the rest asked for again.
 *
 * Openers of a node are counted here; the server is told of the first and the last.
 *
 * The server is trusted with files, not with this domain's memory: how much it says that it has moved is believed only
 * up to what it was asked for.
 */
#include "fs.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/client.h"

#define BUFFER WINDOW_OF(DOMAIN_FS)
#define PIECE_BYTES 4096u /* of a transfer that only partly succeeds */

static char paths[2 * FS_PATH_MAX]; /* the buffer of calls without data, with path=copy */
static struct {
    uint32_t openers; /* here */
    uint32_t held;    /* and as the server counts them */
} held[FS_NODES_MAX];

/* Calls the server; its result. */
static int64_t call(uint64_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct message m = {.tag = op, .word = {a, b, c, d}};
    int64_t error = message_call(HANDLE_FS, &m);

    return error ? error : (int64_t)m.word[0];
}

/* The same where the result counts bytes, of which there are n. */
static inline int64_t count_checked(int64_t got, uint64_t n)
{
    return got > 0 && (uint64_t)got > n ? -EIO : got;
}

/* The buffer for small things, n bytes of which the server may use. */
static char *buffer_small(uint64_t n)
{
    if (!client_copies)
        return BUFFER;
    message_payload(paths, n);
    return paths;
}

static uint64_t payload_tag(void)
{
    return client_copies ? MICRO_TAG_PAYLOAD : 0;
}

/* A call with one path, and with two. */
static int64_t call_path(uint64_t op, uint64_t dir, uint64_t b, uint64_t c, const char *path)
{
    uint64_t length = strnlen(path, FS_PATH_MAX);

    if (length == FS_PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(buffer_small(length + 1), path, length + 1);
    return call(op | payload_tag(), dir, b, c, length);
}

static int call_paths(uint64_t op, uint64_t from_dir, const char *from, uint64_t to_dir, const char *to)
{
    uint64_t a = strnlen(from, FS_PATH_MAX), b = strnlen(to, FS_PATH_MAX);
    char *buffer = buffer_small(FS_SECOND_PATH + b + 1);

    if (a == FS_PATH_MAX || b == FS_PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(buffer, from, a + 1);
    memcpy(buffer + FS_SECOND_PATH, to, b + 1);
    return (int)call(op | payload_tag(), from_dir, to_dir, a, b);
}

int fs_unmount(void)
{
    return (int)call(ASK_FS_UNMOUNT, 0, 0, 0, 0);
}

int fs_sync(void)
{
    return (int)call(ASK_FS_SYNC, 0, 0, 0, 0);
}

int fs_open(int dir, const char *path, uint32_t flags, uint32_t mode)
{
    int64_t node = call_path(ASK_FS_OPEN, (uint64_t)dir, flags, mode, path);

    if (node >= 0 && node < (int64_t)FS_NODES_MAX) {
        held[node].openers++;
        held[node].held++;
    }
    return (int)node;
}

int fs_adopt(int node, uint64_t client)
{
    int64_t error = (uint32_t)node < FS_NODES_MAX ? call(ASK_FS_ADOPT, (uint64_t)node, client, 0, 0) : -EBADF;

    if (!error) {
        held[node].openers++;
        held[node].held++;
    }
    return (int)error;
}

void fs_get(int node)
{
    if ((uint32_t)node < FS_NODES_MAX)
        held[node].openers++;
}

void fs_close(int node)
{
    uint32_t count;

    if ((uint32_t)node >= FS_NODES_MAX || held[node].openers == 0 || --held[node].openers)
        return;
    count = held[node].held;
    held[node].held = 0;
    if (count)
        call(ASK_FS_CLOSE, (uint64_t)node, count, 0, 0);
}

/* Bytes of [0, n) that move can move, in whole pieces of the file's offsets from offset on: all of them, or those
   before the first that it cannot. */
static uint64_t move_pieces(char *buffer, uint64_t offset, uaddr_t to, uint64_t n, bool out)
{
    for (uint64_t done = 0, piece; done < n; done += piece) {
        piece = PIECE_BYTES - (offset + done) % PIECE_BYTES;
        if (piece > n - done)
            piece = n - done;
        if (out ? env_copy_out(to + done, buffer + done, piece) : env_copy_in(buffer + done, to + done, piece))
            return done;
    }
    return n;
}

/* At most a buffer. */
static inline int64_t read_shared(int node, uint64_t offset, uaddr_t to, uint64_t n)
{
    int64_t got = call(ASK_FS_READ, (uint64_t)node, offset, n, 0);

    if ((uint64_t)got - 1 >= n)
        return count_checked(got, n);
    if (env_copy_out(to, BUFFER, (uint64_t)got) == 0)
        return got;
    got = (int64_t)move_pieces(BUFFER, offset, to, (uint64_t)got, true);
    return got ? got : -EFAULT;
}

static int64_t write_shared(int node, uint64_t offset, uaddr_t from, uint64_t n)
{
    uint64_t there = n;

    if (env_copy_in(BUFFER, from, n))
        there = move_pieces(BUFFER, offset, from, n, false);
    return n && !there ? -EFAULT : count_checked(call(ASK_FS_WRITE, (uint64_t)node, offset, there, 0), there);
}

/* One message; true if it has ended before the payload because some of that was not there. */
static bool move_once(uint64_t op, int node, uint64_t offset, const void *payload, uint64_t n, int64_t *result)
{
    struct message m = {.tag = op | MICRO_TAG_PAYLOAD, .word = {(uint64_t)node, offset, n}};

    message_payload(payload, n);
    *result = message_call(HANDLE_FS, &m);
    if (*result)
        return false;
    *result = count_checked((int64_t)m.word[0], n);
    return m.word[1] == FAULT_SEEN;
}

/* At most a buffer, by copies of the kernel.  What could be moved before a page that is not there counts; if that is
   nothing, the pages are brought in: all of them, or the first one. */
static int64_t move_copied(uint64_t op, int node, uint64_t offset, uaddr_t data, uint64_t n)
{
    const void *here = client_reach(data, &n);
    uint64_t first = PIECE_BYTES - data % PIECE_BYTES;
    int64_t result;

    if (!here)
        return -EFAULT;
    if (!move_once(op, node, offset, here, n, &result) || result > 0)
        return result;
    if (client_touch(data, n, op == ASK_FS_READ)) {
        n = first < n ? first : n;
        if (client_touch(data, n, op == ASK_FS_READ))
            return -EFAULT;
    }
    move_once(op, node, offset, here, n, &result);
    return result;
}

static int64_t move(uint64_t op, int node, uint64_t offset, uaddr_t data, uint64_t n)
{
    if (client_copies)
        return move_copied(op, node, offset, data, n);
    return op == ASK_FS_READ ? read_shared(node, offset, data, n) : write_shared(node, offset, data, n);
}

/* Piece by piece until one is short. */
static __attribute__((noinline)) int64_t move_all(uint64_t op, int node, uint64_t offset, uaddr_t data, uint64_t n)
{
    uint64_t done = 0;
    int64_t one;

    do {
        uint64_t piece = n - done < BUFFER_FS_BYTES ? n - done : BUFFER_FS_BYTES;
        one = move(op, node, offset == FS_APPEND ? offset : offset + done, data + done, piece);
        if (one > 0)
            done += (uint64_t)one;
    } while (one > 0 && done < n);
    return done ? (int64_t)done : one;
}

int64_t fs_read(int node, uint64_t offset, uaddr_t buffer, uint64_t n)
{
    if (__builtin_expect(n <= BUFFER_FS_BYTES && !client_copies, 1))
        return read_shared(node, offset, buffer, n);
    return move_all(ASK_FS_READ, node, offset, buffer, n);
}

int64_t fs_write(int node, uint64_t offset, uaddr_t buffer, uint64_t n)
{
    return move_all(ASK_FS_WRITE, node, offset, buffer, n);
}

/* At most a buffer, to memory of this domain. */
static int64_t load(int node, uint64_t offset, void *buffer, uint64_t n)
{
    int64_t got;

    if (client_copies)
        message_payload(buffer, n);
    got = count_checked(call(ASK_FS_READ | payload_tag(), (uint64_t)node, offset, n, 0), n);
    if (got > 0 && !client_copies)
        memcpy(buffer, BUFFER, (uint64_t)got);
    return got;
}

int64_t fs_load(int node, uint64_t offset, void *buffer, uint64_t n)
{
    uint64_t done = 0;
    int64_t one;

    do {
        uint64_t piece = n - done < BUFFER_FS_BYTES ? n - done : BUFFER_FS_BYTES;
        one = load(node, offset + done, (char *)buffer + done, piece);
        if (one > 0)
            done += (uint64_t)one;
    } while (one > 0 && done < n);
    return done ? (int64_t)done : one;
}

int fs_truncate(int node, uint64_t bytes)
{
    return (int)call(ASK_FS_TRUNCATE, (uint64_t)node, bytes, 0, 0);
}

int fs_fsync(int node)
{
    return (int)call(ASK_FS_FSYNC, (uint64_t)node, 0, 0, 0);
}

int fs_fdatasync(int node)
{
    return (int)call(ASK_FS_FSYNC, (uint64_t)node, true, 0, 0);
}

/* What the reply's words in memory hold. */
static int call_more(uint64_t op, uint64_t node, void *out, uint64_t bytes)
{
    int64_t error = call(op, node, 0, 0, 0);

    if (!error)
        memcpy(out, MESSAGE_MORE, bytes);
    return (int)error;
}

int fs_stat(int node, struct fs_stat *out)
{
    return call_more(ASK_FS_STAT, (uint64_t)node, out, sizeof *out);
}

void fs_stat_volume(struct fs_volume *out)
{
    if (call_more(ASK_FS_VOLUME, 0, out, sizeof *out))
        memset(out, 0, sizeof *out);
}

void fs_books(struct fs_books *out)
{
    if (call_more(ASK_FS_BOOKS, 0, out, sizeof *out))
        memset(out, 0, sizeof *out);
}

int fs_entry_next(int node, uint64_t *cookie, struct fs_entry *out)
{
    struct message m = {.tag = ASK_FS_ENTRY | payload_tag(), .word = {(uint64_t)node, *cookie}};
    char *buffer = buffer_small(sizeof *out);
    int64_t error = message_call(HANDLE_FS, &m);

    if (error || (int64_t)m.word[0] <= 0)
        return (int)(error ? error : (int64_t)m.word[0]);
    memcpy(out, buffer, sizeof *out);
    *cookie = m.word[1];
    return 1;
}

int fs_mkdir(int dir, const char *path, uint32_t mode)
{
    return (int)call_path(ASK_FS_MKDIR, (uint64_t)dir, mode, 0, path);
}

int fs_rmdir(int dir, const char *path)
{
    return (int)call_path(ASK_FS_RMDIR, (uint64_t)dir, 0, 0, path);
}

int fs_unlink(int dir, const char *path)
{
    return (int)call_path(ASK_FS_UNLINK, (uint64_t)dir, 0, 0, path);
}

int fs_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    return call_paths(ASK_FS_RENAME, (uint64_t)from_dir, from, (uint64_t)to_dir, to);
}

int fs_link(int from_dir, const char *from, int to_dir, const char *to)
{
    return call_paths(ASK_FS_LINK, (uint64_t)from_dir, from, (uint64_t)to_dir, to);
}

int fs_symlink(const char *target, int dir, const char *path)
{
    return call_paths(ASK_FS_SYMLINK, 0, target, (uint64_t)dir, path);
}

int64_t fs_readlink(int node, char *out, uint64_t size)
{
    uint64_t n = size < FS_PATH_MAX ? size : FS_PATH_MAX;
    char *buffer = buffer_small(n);
    int64_t got = count_checked(call(ASK_FS_READLINK | payload_tag(), (uint64_t)node, n, 0, 0), n);

    if (got > 0)
        memcpy(out, buffer, (uint64_t)got);
    return got;
}

int fs_set_times(int node, uint32_t atime, uint32_t mtime)
{
    return (int)call(ASK_FS_TIMES, (uint64_t)node, atime, mtime, 0);
}

int fs_chmod(int node, uint32_t mode)
{
    return (int)call(ASK_FS_CHMOD, (uint64_t)node, mode, 0, 0);
}
