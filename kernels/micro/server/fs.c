/* SPDX-License-Identifier: MIT */
/*
 * fs.c: what the file server answers: part fs behind messages.  A client can use those nodes only that it has opened
 * itself; who opened which is counted by client.
 */
#include "fs.h"
#include "base/errno.h"
#include "base/string.h"
#include "micro/client/client.h"
#include "micro/server/server.h"

_Static_assert(sizeof(struct fs_stat) <= 8 * (MESSAGE_WORDS_MAX - MESSAGE_REGISTERS), "fits a reply");

static uint32_t openers[SERVER_CLIENTS][FS_NODES_MAX];

static bool has(const struct message *m, uint64_t node)
{
    return node == FS_ROOT || (node < FS_NODES_MAX && openers[m->from][node]);
}

static void reply(struct message *m, int64_t result)
{
    m->tag = 0;
    m->word[0] = (uint64_t)result;
}

/* A reply with words in memory. */
static void reply_more(struct message *m, int64_t result, const void *more, uint64_t bytes)
{
    m->tag = MICRO_TAG(0, (bytes + 7) / 8);
    m->word[0] = (uint64_t)result;
    memcpy(MESSAGE_MORE, more, bytes);
}

/* The path of that length at offset in the client's buffer. */
static int path_get(uaddr_t at, uint64_t length, char *out)
{
    if (length >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    out[length] = '\0';
    return env_copy_in(out, at, length);
}

static int64_t open(struct message *m, uaddr_t buffer)
{
    char path[FS_PATH_MAX];
    int node = path_get(buffer, m->word[3], path);

    if (!node)
        node = has(m, m->word[0]) ? fs_open((int)m->word[0], path, (uint32_t)m->word[1], (uint32_t)m->word[2]) : -EBADF;
    if (node >= 0)
        openers[m->from][node]++;
    return node;
}

static int64_t adopt(struct message *m)
{
    uint64_t node = m->word[0], client = m->word[1];

    if (m->from != DOMAIN_MEM)
        return -EPERM;
    if (client >= SERVER_CLIENTS || node == FS_ROOT || node >= FS_NODES_MAX || !openers[client][node])
        return -EBADF;
    fs_get((int)node);
    openers[m->from][node]++;
    return 0;
}

static int64_t close(struct message *m)
{
    uint64_t node = m->word[0];
    uint32_t *held = &openers[m->from][node];

    if (!has(m, node))
        return -EBADF;
    for (uint64_t n = m->word[1]; n && *held; n--) {
        --*held;
        fs_close((int)node);
    }
    return 0;
}

static void entry_next(struct message *m, uaddr_t buffer)
{
    struct fs_entry entry = {0};
    int64_t more = has(m, m->word[0]) ? fs_entry_next((int)m->word[0], &m->word[1], &entry) : -EBADF;

    if (more > 0 && env_copy_out(buffer, &entry, sizeof entry))
        more = -EFAULT;
    reply(m, more);
}

static int64_t read_link(struct message *m, uaddr_t buffer)
{
    char text[FS_PATH_MAX];
    uint64_t size = m->word[1] < sizeof text ? m->word[1] : sizeof text;
    int64_t n = has(m, m->word[0]) ? fs_readlink((int)m->word[0], text, size) : -EBADF;

    return n > 0 && env_copy_out(buffer, text, (uint64_t)n) ? -EFAULT : n;
}

/* Operations on one path, and on two. */
static int64_t serve_path(uint64_t op, struct message *m, uaddr_t buffer)
{
    char path[FS_PATH_MAX];
    int dir = (int)m->word[0], error = has(m, m->word[0]) ? path_get(buffer, m->word[3], path) : -EBADF;

    if (error)
        return error;
    if (op == ASK_FS_MKDIR)
        return fs_mkdir(dir, path, (uint32_t)m->word[1]);
    return op == ASK_FS_RMDIR ? fs_rmdir(dir, path) : fs_unlink(dir, path);
}

static int64_t serve_paths(uint64_t op, struct message *m, uaddr_t buffer)
{
    char from[FS_PATH_MAX], to[FS_PATH_MAX];
    int from_dir = (int)m->word[0], to_dir = (int)m->word[1], error = path_get(buffer, m->word[2], from);

    if (!error)
        error = path_get(buffer + FS_SECOND_PATH, m->word[3], to);
    if (!error && ((op != ASK_FS_SYMLINK && !has(m, m->word[0])) || !has(m, m->word[1])))
        error = -EBADF;
    if (error)
        return error;
    if (op == ASK_FS_SYMLINK)
        return fs_symlink(from, to_dir, to);
    return op == ASK_FS_RENAME ? fs_rename(from_dir, from, to_dir, to) : fs_link(from_dir, from, to_dir, to);
}

static void stat(struct message *m)
{
    struct fs_stat out = {0};
    int error = has(m, m->word[0]) ? fs_stat((int)m->word[0], &out) : -EBADF;

    reply_more(m, error, &out, sizeof out);
}

static void serve_volume(uint64_t op, struct message *m)
{
    struct fs_volume volume = {0};
    struct fs_books books = {0};

    if (op == ASK_FS_VOLUME) {
        fs_stat_volume(&volume);
        reply_more(m, 0, &volume, sizeof volume);
    } else {
        fs_books(&books);
        reply_more(m, 0, &books, sizeof books);
    }
}

/* Operations whose arguments are a node and numbers. */
static int64_t serve_node(uint64_t op, const struct message *m)
{
    int node = (int)m->word[0];

    if (op == ASK_FS_SYNC)
        return fs_sync();
    if (op == ASK_FS_UNMOUNT)
        return fs_unmount();
    if (!has(m, m->word[0]))
        return -EBADF;
    switch (op) {
    case ASK_FS_TRUNCATE:
        return fs_truncate(node, m->word[1]);
    case ASK_FS_FSYNC:
        return m->word[1] ? fs_fdatasync(node) : fs_fsync(node);
    case ASK_FS_TIMES:
        return fs_set_times(node, (uint32_t)m->word[1], (uint32_t)m->word[2]);
    case ASK_FS_CHMOD:
        return fs_chmod(node, (uint32_t)m->word[1]);
    }
    return -ENOSYS;
}

static void serve_other(uint64_t op, struct message *m, uaddr_t buffer)
{
    switch (op) {
    case ASK_FS_OPEN:
        return reply(m, open(m, buffer));
    case ASK_FS_ADOPT:
        return reply(m, adopt(m));
    case ASK_FS_CLOSE:
        return reply(m, close(m));
    case ASK_FS_STAT:
        return stat(m);
    case ASK_FS_VOLUME:
    case ASK_FS_BOOKS:
        return serve_volume(op, m);
    case ASK_FS_ENTRY:
        return entry_next(m, buffer);
    case ASK_FS_MKDIR:
    case ASK_FS_RMDIR:
    case ASK_FS_UNLINK:
        return reply(m, serve_path(op, m, buffer));
    case ASK_FS_RENAME:
    case ASK_FS_LINK:
    case ASK_FS_SYMLINK:
        return reply(m, serve_paths(op, m, buffer));
    case ASK_FS_READLINK:
        return reply(m, read_link(m, buffer));
    }
    reply(m, serve_node(op, m));
}

bool fs_serve(struct message *m)
{
    uint64_t op = MICRO_TAG_OP(m->tag);
    uaddr_t buffer = server_buffer(m->from, BUFFER_FS_BYTES);

    if (__builtin_expect(m->from >= SERVER_CLIENTS, 0)) {
        reply(m, -EPERM);
    } else if (op == ASK_FS_READ || op == ASK_FS_WRITE) {
        int node = (int)m->word[0];
        int64_t n = !has(m, m->word[0]) ? -EBADF
                    : op == ASK_FS_READ ? fs_read(node, m->word[1], buffer, m->word[2])
                                        : fs_write(node, m->word[1], buffer, m->word[2]);
        reply(m, n);
        m->word[1] = server_fault_seen ? FAULT_SEEN : 0;
    } else {
        serve_other(op, m, buffer);
    }
    return true;
}

/* A file without a name goes only when it is closed, also after a client's end. */
void fs_serve_end(void)
{
    for (unsigned client = 0; client < SERVER_CLIENTS; client++)
        for (unsigned node = 0; node < FS_NODES_MAX; node++)
            for (uint32_t *held = &openers[client][node]; *held; --*held)
                fs_close((int)node);
    fs_unmount();
}
