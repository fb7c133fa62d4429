/* SPDX-License-Identifier: MIT */
/*
 * node.c: the table of inodes in memory.  A node's number is its place in the table; the root is number 0.
 *
 *              node_get, node_make            node_put, links > 0
 *   (no inode) -------------------> LIVE, refs > 0 <-----------> LIVE, refs 0 --(slot needed)--> (no inode)
 *                                      | node_put, links 0
 *                                      v
 *                                   ENDING ------------------> ENDED ---(commit)---> (no inode)
 *                                           its blocks are freed
 *
 * A node without links keeps its inode on the disk as it was until no directory on the disk names it: commit.c.
 */
#include "fs_part.h"

#define HASH 256u

struct node nodes[FS_NODES_MAX];
struct list node_dirty, node_ended;
uint32_t node_open_count, node_ended_count, node_orphan_count;
static uint16_t table[HASH];
static uint32_t hand;

void node_init(void)
{
    for (uint32_t i = 0; i < HASH; i++)
        table[i] = NODE_NONE;
    for (uint32_t i = 0; i < FS_NODES_MAX; i++) {
        nodes[i].ino = nodes[i].refs = 0;
        nodes[i].dirty = false;
    }
    list_init(&node_dirty);
    list_init(&node_ended);
    node_open_count = node_ended_count = node_orphan_count = 0;
    hand = 0;
}

static struct node *find(uint32_t ino)
{
    uint16_t i = table[ino % HASH];
    while (i != NODE_NONE && nodes[i].ino != ino)
        i = nodes[i].next;
    return i == NODE_NONE ? NULL : &nodes[i];
}

static void insert(struct node *n, uint32_t ino)
{
    n->ino = ino;
    n->next = table[ino % HASH];
    table[ino % HASH] = (uint16_t)node_number(n);
}

void node_forget(struct node *n)
{
    uint16_t *at = &table[n->ino % HASH];
    while (*at != node_number(n))
        at = &nodes[*at].next;
    *at = n->next;
    if (n->life == NODE_ENDED) {
        list_remove(&n->ended_link);
        node_ended_count--;
    }
    list_remove(&n->link);
    n->ino = 0;
    n->dirty = false;
}

void node_touch(struct node *n)
{
    if (n->dirty)
        return;
    n->dirty = true;
    list_add(&node_dirty, &n->link);
}

/* Makes the slot of an idle node free; it may be in use again when its inode has been encoded. */
static int evict(struct node *n)
{
    if (n->dirty) {
        list_remove(&n->link);
        n->dirty = false;
        int error = inode_write(n);
        if (error) {
            node_touch(n);
            return error;
        }
    }
    if (!n->refs && !n->dirty)
        node_forget(n);
    return 0;
}

/* A free slot.  -ENFILE */
static int take_slot(uint32_t ino, struct node **out)
{
    if (ino == EXT2_ROOT_INO) {
        *out = &nodes[FS_ROOT];
        return 0;
    }
    for (uint32_t i = 0; i < 2 * FS_NODES_MAX; i++) {
        hand = hand % (FS_NODES_MAX - 1) + 1;
        struct node *n = &nodes[hand];
        if (n->ino && (n->refs || n->life != NODE_LIVE))
            continue;
        if (n->ino && n->used) {
            n->used = false;
            continue;
        }
        int error = n->ino ? evict(n) : 0;
        if (error)
            return error;
        if (!n->ino) {
            *out = n;
            return 0;
        }
    }
    return -ENFILE;
}

static void reset(struct node *n)
{
    n->dirty = n->fresh = n->used = n->moved = false;
    n->life = NODE_LIVE;
    n->goal = n->ahead_end = n->ahead_window = 0;
    sched_mutex_init(&n->write_lock);
    list_init(&n->link);
}

static int load(uint32_t ino, struct node **out)
{
    struct node *n;
    int error = take_slot(ino, &n);
    if (error)
        return error;
    reset(n);
    error = inode_read(ino, n);
    if (error)
        return error;
    insert(n, ino);
    *out = n;
    return 0;
}

int node_get(uint32_t ino, struct node **out)
{
    if (ino > volume.inodes || (ino < volume.first_ino && ino != EXT2_ROOT_INO))
        return volume_damage("inode number", ino);
    struct node *n = find(ino);
    int error = n ? 0 : load(ino, &n);
    if (error)
        return error;
    if (n->life != NODE_LIVE)
        return volume_damage("name of a deleted inode", ino);
    if (n->refs++ == 0)
        node_open_count++;
    n->used = true;
    *out = n;
    return 0;
}

int node_make(struct node *near, uint32_t mode, struct node **out)
{
    uint32_t ino;
    struct node *n;
    bool directory = (mode & EXT2_S_FMT) == EXT2_S_DIR;
    int error = take_slot(0, &n);
    if (!error)
        error = ialloc_alloc(near->ino, directory, &ino);
    if (error)
        return error;
    if (find(ino)) /* the bitmap says that an inode with a name is free */
        return volume_damage("inode bitmap", ino);
    reset(n);
    n->mode = (uint16_t)mode;
    n->fresh = true;
    n->refs = 1;
    n->size = n->sectors = n->uid = n->gid = n->dtime = n->flags = n->attributes = 0;
    n->links = directory ? 2 : 1;
    n->atime = n->mtime = n->ctime = volume_now();
    memset(n->block, 0, sizeof n->block);
    insert(n, ino);
    node_open_count++;
    node_touch(n);
    *out = n;
    return 0;
}

void node_drop_links(struct node *n, uint32_t count)
{
    n->links -= count;
    n->ctime = volume_now();
    if (!n->links)
        node_orphan_count++;
    node_touch(n);
}

/* Gives back the blocks of a node that nobody can reach; the inode follows with the next commit.  A file that has
   more blocks than may be pending at once must not lose some of them while it still has a name on the disk. */
static int end(struct node *n)
{
    int error = 0;
    if (n->sectors / (volume.block_bytes / BLK_SECTOR_BYTES) + 1 > balloc_pending_room())
        error = commit_all();
    if (!error && node_has_map(n))
        error = map_truncate(n, 0);
    if (!error)
        error = inode_drop_attributes(n);
    if (error)
        return error;
    n->size = 0;
    n->dtime = volume_now();
    node_touch(n);
    return 0;
}

void node_put(struct node *n)
{
    if (--n->refs)
        return;
    node_open_count--;
    if (n->links || n->life != NODE_LIVE)
        return;
    n->life = NODE_ENDING;
    int error = volume.damaged ? -EUCLEAN : end(n);
    node_orphan_count--;
    if (error) {
        volume.leaked = true;
        node_forget(n);
        return;
    }
    n->life = NODE_ENDED;
    list_add(&node_ended, &n->ended_link);
    node_ended_count++;
}
