/* SPDX-License-Identifier: MIT */
/*
 * fs_part.h: what the files of this part share.
 *
 *   make.c tree.c rename.c read.c write.c fs.c mount.c   the functions of fs.h
 *   fast.c                    opening when everything is at hand
 *   path.c names.c dir.c      from a name to an inode
 *   ahead.c                   reading files before it is asked for
 *   node.c inode.c map.c      open inodes; inodes on the disk; where a file's blocks lie
 *   ialloc.c balloc.c         the bitmaps
 *   commit.c volume.c         the order in which changes reach the disk; superblock and group descriptors
 *   cache.c io.c              buffers; several requests in flight
 *
 * Locks.  volume.lock is held by whoever changes the volume's structure or waits for the disk.  node.write_lock
 * keeps writers of one file apart and is taken before volume.lock.  volume.lock is never held while data moves
 * from or to a caller (env_copy_* may fault, and the fault may come back here to read a file); node.write_lock is,
 * so a fault handler may read files but not write them.
 * Threads lose the processor only where they sleep, so looking at cached state needs no lock: see fast.c for what
 * makes that sound.
 */
#ifndef TOLL_FS_PART_H
#define TOLL_FS_PART_H

#include "base/errno.h"
#include "base/list.h"
#include "base/panic.h"
#include "base/string.h"
#include "blk.h"
#include "ext2.h"
#include "fs.h"
#include "sched.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LIKELY(x) __builtin_expect(!!(x), 1)

/* ---- cache.c: one buffer holds one block ---- */

enum {
    BUFFER_VALID = 1,
    BUFFER_LOADING = 2, /* io.c reads into it: wait for its slot */
    BUFFER_HASHED = 4,
    BUFFER_USED = 8, /* since the clock's hand last came by */
    BUFFER_DIRTY = 16,
    BUFFER_AHEAD = 32 /* reaching it asks for the next window of read-ahead */
};

/* A dirty buffer's class says in which step of a commit it is written: commit.c. */
enum buffer_class { CLASS_DATA, CLASS_META, CLASS_INODE, CLASS_DIR, CLASS_LATE, CLASS_COUNT };

struct buffer {
    struct buffer *next; /* same hash */
    uint8_t *data;
    uint32_t block;
    uint32_t pins;
    uint8_t flags, class, slot;
    struct list link; /* in cache.dirty[class] */
};

struct cache {
    struct buffer **table;
    uint32_t mask;
    uint32_t used, count, limit; /* buffers that were in use, buffers made, buffers allowed */
    uint32_t hand;
    uint32_t dirty_count, dirty_limit;
    struct list dirty[CLASS_COUNT];
    struct buffer **chunks; /* buffers by index, a page of them in each */
    uint32_t chunk_count, table_order;
};
extern struct cache cache;

int cache_init(uint32_t pages);
void cache_drop(void); /* gives all memory back; what is dirty is lost */

/* The block's buffer, pinned and valid; it is read if need be.  Needs volume.lock.  -EIO -ENOMEM -EUCLEAN */
int cache_get(uint32_t block, struct buffer **out);
/* The same without reading, for a block that the caller will fill: cleared. */
int cache_get_cleared(uint32_t block, struct buffer **out);
/* A pinned buffer for no block yet; cache_attach makes it the valid buffer of a block that has none. */
int cache_get_blank(struct buffer **out);
void cache_attach(struct buffer *b, uint32_t block);
void cache_detach(struct buffer *b);
static inline void cache_put(struct buffer *b)
{
    b->pins--;
}
/* The block is no longer in use: its buffer is not written. */
void cache_forget(uint32_t block);
void cache_dirty(struct buffer *b, enum buffer_class class);
/* The buffer of a block in whatever state, or NULL. */
static inline struct buffer *cache_find(uint32_t block)
{
    struct buffer *b = cache.table[block & cache.mask];
    while (b && b->block != block)
        b = b->next;
    return b;
}

/* ---- io.c ---- */

#define IO_RUN_MAX BLK_SEGMENTS_MAX

void io_init(void);
/* Starts reading count adjacent blocks into their pinned buffers (and takes its own pins). */
int io_read(struct buffer **run, uint32_t count);
int io_wait(struct buffer *b);           /* until b is no longer BUFFER_LOADING */
bool io_finish_oldest(void);             /* waits for some request in flight; false if there is none */
int io_write_class(enum buffer_class c); /* all dirty buffers of a class, and waits for them */
int io_write_buffer(struct buffer *b);
int io_flush(void); /* a BLK_FLUSH if anything was written since the last */
void io_drain(void);

/* ---- volume.c ---- */

struct group {
    uint32_t block_bitmap, inode_bitmap, inode_table;
    uint32_t front; /* blocks that the copy of superblock and descriptors takes */
    uint16_t blocks_free, inodes_free, directories;
    bool dirty;
};

struct volume {
    struct mutex lock;
    bool mounted, read_only, damaged;
    bool super_dirty, disk_clean, leaked;             /* leaked: space was lost to an error; not clean until checked */
    bool large_file, file_types;                      /* features: files over 2 GiB; types in directory entries */
    uint32_t block_bytes, block_shift, pointer_shift; /* log2 of bytes, of block numbers in a block */
    uint32_t blocks, first_block, blocks_per_group, inodes_per_group, inodes, first_ino, inode_bytes;
    uint32_t group_count, group_order, table_blocks; /* blocks of one inode table */
    uint32_t blocks_free, inodes_free;
    uint32_t revision;
    uint64_t file_bytes_max;
    struct group *groups;
    struct fs_books books;
};
extern struct volume volume;

/* Says what is wrong, once, and stops all writing.  -EUCLEAN */
int volume_damage(const char *what, uint64_t number);
int volume_lock(void); /* -EBADF: nothing is mounted */
void volume_unlock(void);
/* Whether the volume may change, and room in the cache and the lists for one operation.  -EUCLEAN -EROFS -EIO */
int volume_make_room(void);
int volume_begin(void);    /* locks and makes room; not locked if it fails */
uint32_t volume_now(void); /* seconds since 1970 */
int volume_encode(void);   /* superblock and descriptors into dirty buffers */
int volume_set_state(bool clean);
int volume_sync(void); /* fs_sync, with the lock */
static inline bool volume_has_block(uint32_t block)
{
    return block > volume.first_block && block < volume.blocks;
}
/* Whether a block of a file may be there: not in the volume's own structures. */
bool volume_block_usable(uint32_t block);

/* ---- commit.c ---- */

struct node;
int commit_all(void);
int commit_data(void); /* file contents only: makes room */
/* What is needed to read a file's contents again, without its times. */
int commit_file(const struct node *n);
/* Before a name is taken out of b whose inode keeps another name: see commit.c. */
int commit_before_late(const struct buffer *b);

/* ---- balloc.c, ialloc.c ---- */

int balloc_alloc(uint32_t goal, uint32_t *out);
int balloc_free(uint32_t block); /* usable again after the next commit */
bool balloc_pending(uint32_t block);
bool balloc_crowded(void); /* too many freed blocks wait for a commit */
uint64_t balloc_pending_count(void);
uint32_t balloc_pending_room(void);
int balloc_reserve(uint32_t count); /* -ENOSPC unless that many can be had */
int balloc_release(void);
void balloc_init(void);
int ialloc_alloc(uint32_t near, bool directory, uint32_t *out);
int ialloc_free(uint32_t ino, bool directory);
int64_t bitmap_find(const uint8_t *map, uint32_t start, uint32_t end);

/* ---- node.c ---- */

enum node_life { NODE_LIVE, NODE_ENDING, NODE_ENDED };

struct node {
    uint32_t ino; /* 0: the slot is free */
    uint32_t refs;
    uint64_t size;
    uint16_t mode;
    uint8_t dirty, used, fresh, life;
    bool moved;    /* its size or where its blocks lie differs from its inode's block */
    uint16_t next; /* same hash; NODE_NONE */
    uint32_t links, sectors;
    uint32_t block[EXT2_POINTERS];
    uint32_t uid, gid, atime, mtime, ctime, dtime, flags, attributes;
    uint32_t goal;                    /* where the next block is best put */
    uint32_t ahead_end, ahead_window; /* read-ahead: first block not asked for; blocks */
    struct mutex write_lock;
    struct list link, ended_link; /* in node_dirty, in node_ended */
};
#define NODE_NONE 0xffffu
#define NODE_RESERVE 8u /* slots that fs_open leaves for walks */
#define NODE_ENDED_MAX 64u

extern struct node nodes[FS_NODES_MAX];
extern struct list node_dirty, node_ended;
extern uint32_t node_open_count, node_ended_count, node_orphan_count;

void node_init(void);
int node_get(uint32_t ino, struct node **out);                      /* takes a reference */
int node_make(struct node *near, uint32_t mode, struct node **out); /* a new inode, one reference */
void node_put(struct node *n);
void node_drop_links(struct node *n, uint32_t count);
void node_forget(struct node *n);
void node_touch(struct node *n); /* its inode must be written */
static inline void node_move(struct node *n)
{
    n->moved = true;
    node_touch(n);
}
static inline bool node_is(const struct node *n, uint32_t type)
{
    return (n->mode & EXT2_S_FMT) == type;
}
/* The open node with that number, or NULL. */
static inline struct node *node_at(int number)
{
    if (UNLIKELY((unsigned)number >= FS_NODES_MAX || nodes[number].refs == 0))
        return NULL;
    return &nodes[number];
}
static inline int node_number(const struct node *n)
{
    return (int)(n - nodes);
}
bool node_has_map(const struct node *n); /* whether block[] holds block numbers */

/* ---- inode.c ---- */

int inode_read(uint32_t ino, struct node *n); /* fills n from the disk */
int inode_write(struct node *n);              /* encodes it into its block's buffer */
int inode_drop_attributes(struct node *n);    /* gives back what extended attributes take */

/* ---- map.c ---- */

#define MAP_UNKNOWN UINT32_MAX
/* The block that holds a file's index-th one: 0 a hole, MAP_UNKNOWN if that takes the disk to tell. */
uint32_t map_find_fast(const struct node *n, uint64_t index);
int map_find(struct node *n, uint64_t index, uint32_t *out);
int map_alloc(struct node *n, uint64_t index, uint32_t *out); /* makes it if it is a hole */
int map_truncate(struct node *n, uint64_t blocks);            /* gives back all from there on */

/* ---- dir.c ---- */

struct dir_place {
    struct buffer *buffer;     /* pinned */
    uint32_t offset, previous; /* previous == offset: the first in its block */
    uint32_t ino;
};
int dir_find(struct node *dir, const char *name, uint32_t length, struct dir_place *out); /* -ENOENT */
int dir_add(struct node *dir, const char *name, uint32_t length, const struct node *child, struct buffer **where);
void dir_remove(struct node *dir, struct dir_place *place, bool late);
void dir_set(struct node *dir, struct dir_place *place, const struct node *child);
int dir_next(struct node *dir, uint64_t *cookie, struct fs_entry *out);
int dir_check_empty(struct node *dir); /* -ENOTEMPTY */
int dir_make(struct node *dir, const struct node *parent);
uint8_t dir_type(uint32_t mode);

/* ---- names.c ---- */

#define NAMES_COUNT 512u
#define NAMES_LENGTH_MAX 47u
struct name {
    uint32_t hash, dir, ino; /* dir 0: unused */
    uint16_t node;
    uint8_t length;
    char text[NAMES_LENGTH_MAX + 2];
};
_Static_assert(sizeof(struct name) == 64, "a name fills one cache line");
extern struct name names[NAMES_COUNT];

static inline uint32_t names_hash_start(uint32_t dir)
{
    return dir * 0x9e3779b1u;
}
static inline uint32_t names_hash_add(uint32_t hash, char c)
{
    return (hash ^ (uint8_t)c) * 0x01000193u;
}
static inline struct name *names_slot(uint32_t hash)
{
    return &names[(hash ^ hash >> 16) % NAMES_COUNT];
}
void names_init(void);
const struct name *names_find(uint32_t dir, const char *text, uint32_t length);
void names_add(uint32_t dir, const char *text, uint32_t length, const struct node *child);
void names_remove(uint32_t dir, const char *text, uint32_t length);

/* ---- path.c ---- */

enum { PATH_FOLLOW = 1 }; /* the last component too, if it is a symbolic link */

/* Where a path leads: the directory and the last name in it.  name_length 0: the path is the directory itself
   ("/", "a/.", ".."); node NULL: the name is free. */
struct path {
    struct node *dir, *node; /* referenced */
    char name[FS_NAME_MAX + 1];
    uint32_t name_length;
    bool slash;   /* the path ends in '/' */
    bool dot, up; /* it ends in "." or ".."; in ".." */
};
int path_find(int dir, const char *text, uint32_t flags, struct path *out);
void path_put(struct path *p);
/* Looks name up in dir: the child, referenced.  -ENOENT */
int path_child(struct node *dir, const char *name, uint32_t length, struct node **out);
int path_read_link(struct node *n, char *out, uint32_t size, uint32_t *length);
/* Whether dir is node or lies below it: 1, 0 or an error. */
int path_is_below(struct node *dir, const struct node *node);

/* ---- tree.c ---- */

/* Whether a name can be made where p leads: it is free, its directory has not been removed, and there is room. */
int tree_check_new(const struct path *p);
int tree_find_entry(struct path *p, struct dir_place *place);   /* the entry that p->name stands for */
int tree_check_removable(const struct path *p, struct node *n); /* an empty directory */
void tree_drop_directory(struct path *p, struct node *n);       /* its name is gone: so is it */
/* Locks, finds both paths, and acts on them. */
int tree_with_two(int from_dir, const char *from, int to_dir, const char *to,
                  int (*act)(struct path *from, struct path *to));

/* ---- ahead.c ---- */

/* Block index of a file is about to be read, and count blocks from there on are wanted: starts reading what is not
   in the cache, and more if the file is being read in order. */
void ahead_read(struct node *n, uint64_t index, uint64_t count);

/* ---- fast.c ---- */

/* The node that fs_open would open, if it needs neither lock nor disk to tell; or NULL. */
struct node *fast_open(int dir, const char *path, uint32_t flags);

#endif
