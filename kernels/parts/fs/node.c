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
 * Inodes are checked when they come in, so the rest of the part may rely on a node's mode and size; the block
 * numbers in it are checked where they are used.
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
        int error = node_encode(n);
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

static int get_place(uint32_t ino, struct buffer **b, struct ext2_inode **raw)
{
    uint32_t index = (ino - 1) % volume.inodes_per_group;
    uint64_t offset = (uint64_t)index * volume.inode_bytes;
    const struct group *g = &volume.groups[(ino - 1) / volume.inodes_per_group];
    int error = cache_get(g->inode_table + (uint32_t)(offset >> volume.block_shift), b);
    if (!error)
        *raw = (struct ext2_inode *)((*b)->data + (offset & (volume.block_bytes - 1)));
    return error;
}

bool node_has_map(const struct node *n)
{
    uint32_t own = n->attributes ? volume.block_bytes / BLK_SECTOR_BYTES : 0;
    return node_is(n, EXT2_S_FILE) || node_is(n, EXT2_S_DIR) || (node_is(n, EXT2_S_LINK) && n->sectors > own);
}

static void decode(struct node *n, const struct ext2_inode *raw)
{
    n->mode = raw->mode;
    n->links = raw->links;
    n->size = raw->size | (node_is(n, EXT2_S_FILE) ? (uint64_t)raw->size_high << 32 : 0);
    n->sectors = raw->sectors;
    memcpy(n->block, raw->block, sizeof n->block);
    n->uid = raw->uid | (uint32_t)raw->uid_high << 16;
    n->gid = raw->gid | (uint32_t)raw->gid_high << 16;
    n->atime = raw->atime;
    n->mtime = raw->mtime;
    n->ctime = raw->ctime;
    n->dtime = raw->dtime;
    n->flags = raw->flags;
    n->attributes = raw->attributes;
}

static void reset(struct node *n)
{
    n->dirty = n->fresh = n->used = false;
    n->life = NODE_LIVE;
    n->goal = n->ahead_end = n->ahead_window = 0;
    sched_mutex_init(&n->write_lock);
    list_init(&n->link);
}

static bool size_fits(const struct node *n)
{
    switch (n->mode & EXT2_S_FMT) {
    case EXT2_S_FILE:
        return n->size <= volume.file_bytes_max;
    case EXT2_S_DIR:
        return n->size && !(n->size & (volume.block_bytes - 1)) && n->size >> volume.block_shift <= volume.blocks;
    case EXT2_S_LINK:
        return n->size && n->size < (node_has_map(n) ? volume.block_bytes : EXT2_FAST_LINK_MAX);
    case EXT2_S_CHAR:
    case EXT2_S_BLOCK:
    case EXT2_S_FIFO:
    case EXT2_S_SOCKET:
        return true;
    default:
        return false;
    }
}

static int check(const struct node *n, uint32_t ino)
{
    uint32_t sectors = volume.block_bytes / BLK_SECTOR_BYTES;
    if (!n->links || n->dtime)
        return volume_damage("name of a free inode", ino);
    if (n->flags & EXT2_FLAGS_FOREIGN)
        return volume_damage("flags of inode", ino);
    if (n->sectors % sectors || n->sectors / sectors > volume.blocks)
        return volume_damage("block count of inode", ino);
    if (!size_fits(n))
        return volume_damage("mode or size of inode", ino);
    return 0;
}

static int load(uint32_t ino, struct node **out)
{
    struct node *n;
    struct buffer *b;
    struct ext2_inode *raw;
    int error = take_slot(ino, &n);
    if (!error)
        error = get_place(ino, &b, &raw);
    if (error)
        return error;
    reset(n);
    decode(n, raw);
    cache_put(b);
    error = check(n, ino);
    if (!error) {
        insert(n, ino);
        *out = n;
    }
    return error;
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

/* Extended attributes may be shared between inodes: the last one frees them. */
static int drop_attributes(struct node *n)
{
    struct buffer *b;
    if (!n->attributes)
        return 0;
    if (!volume_block_usable(n->attributes))
        return volume_damage("attributes of inode", n->ino);
    int error = cache_get(n->attributes, &b);
    if (error)
        return error;
    struct ext2_attributes *head = (struct ext2_attributes *)b->data;
    uint32_t sectors = volume.block_bytes / BLK_SECTOR_BYTES;
    bool sane = head->magic == EXT2_ATTRIBUTES_MAGIC && head->references && n->sectors >= sectors;
    bool last = sane && head->references == 1;
    if (sane && !last) {
        head->references--;
        cache_dirty(b, CLASS_META);
    }
    cache_put(b);
    if (!sane)
        return volume_damage("attributes of inode", n->ino);
    uint32_t block = n->attributes;
    n->attributes = 0;
    n->sectors -= sectors;
    return last ? balloc_free(block) : 0;
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
        error = drop_attributes(n);
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

int node_encode(struct node *n)
{
    struct buffer *b;
    struct ext2_inode *raw;
    int error = get_place(n->ino, &b, &raw);
    if (error)
        return error;
    if (n->fresh)
        memset(raw, 0, volume.inode_bytes);
    n->fresh = false;
    raw->mode = n->mode;
    raw->links = (uint16_t)n->links;
    raw->size = (uint32_t)n->size;
    if (node_is(n, EXT2_S_FILE))
        raw->size_high = (uint32_t)(n->size >> 32);
    raw->sectors = n->sectors;
    memcpy(raw->block, n->block, sizeof n->block);
    raw->uid = (uint16_t)n->uid;
    raw->uid_high = (uint16_t)(n->uid >> 16);
    raw->gid = (uint16_t)n->gid;
    raw->gid_high = (uint16_t)(n->gid >> 16);
    raw->atime = n->atime;
    raw->mtime = n->mtime;
    raw->ctime = n->ctime;
    raw->dtime = n->dtime;
    raw->flags = n->flags;
    raw->attributes = n->attributes;
    cache_dirty(b, CLASS_INODE);
    cache_put(b);
    return 0;
}
