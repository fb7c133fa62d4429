/* SPDX-License-Identifier: MIT */
/*
 * commit.c: the order in which changes reach the disk.  Each step is on stable storage before the next one starts:
 *
 *   1  contents of files; indirect blocks, bitmaps, counts; directory blocks that nothing reaches yet
 *   2  inodes that have names
 *   3  directories: new names, and names whose inode goes
 *   4  the one directory block out of which a name was taken that its inode now has elsewhere (CLASS_LATE)
 *   5  inodes without names
 *   6  (in memory) blocks and inodes that were freed before step 1 may be used again
 *
 * So at every moment a name on the disk leads to an inode that is there, with its blocks; a file that was committed
 * under one name is under that name or the new one, whole; and no block is in two files.  What a crash leaves for
 * e2fsck is space that nobody uses, wrong counts, and things that were made but have no name yet.
 *
 * Only one block may be late at a time, so that whatever leads to a moved name's new place is on the disk by step 3.
 * commit_before_late keeps it so.
 */
#include "fs_part.h"

static int write_class(enum buffer_class c)
{
    int error = io_write_class(c);
    return error ? error : io_flush();
}

/* Encodes the nodes that have names, or those that have none. */
static int encode_nodes(bool named)
{
    struct list end;
    int error = 0;
    list_add(&node_dirty, &end);
    while (!error && node_dirty.next != &end) {
        struct node *n = LIST_ENTRY(node_dirty.next, struct node, link);
        list_remove(&n->link);
        if ((n->links > 0) != named) {
            list_add(&node_dirty, &n->link);
            continue;
        }
        n->dirty = false;
        error = inode_write(n);
        if (error)
            node_touch(n);
        else if (cache.dirty_count > cache.dirty_limit)
            error = io_write_class(CLASS_INODE);
    }
    list_remove(&end);
    return error;
}

static int write_contents(void)
{
    int error = volume_encode();
    if (!error)
        error = io_write_class(CLASS_DATA);
    if (!error)
        error = write_class(CLASS_META);
    return error;
}

static int write_inodes(bool named)
{
    int error = encode_nodes(named);
    return error ? error : write_class(CLASS_INODE);
}

/* Step 6. */
static int release(void)
{
    int error = balloc_release();
    struct list *link = node_ended.next;
    while (!error && link != &node_ended) {
        struct node *n = LIST_ENTRY(link, struct node, ended_link);
        link = link->next;
        error = ialloc_free(n->ino, node_is(n, EXT2_S_DIR));
        if (!error)
            node_forget(n);
    }
    return error;
}

static bool nothing_to_do(void)
{
    return !cache.dirty_count && list_empty(&node_dirty) && list_empty(&node_ended) && !balloc_pending_count() &&
           !volume.super_dirty;
}

int commit_all(void)
{
    if (volume.damaged)
        return -EUCLEAN;
    if (nothing_to_do())
        return io_flush();
    int error = volume_set_state(false);
    if (!error)
        error = write_contents();
    if (!error)
        error = write_inodes(true);
    if (!error)
        error = write_class(CLASS_DIR);
    if (!error)
        error = write_class(CLASS_LATE);
    if (!error)
        error = write_inodes(false);
    return error ? error : release();
}

int commit_data(void)
{
    if (volume.damaged)
        return -EUCLEAN;
    int error = volume_set_state(false);
    return error ? error : io_write_class(CLASS_DATA);
}

/* Whether nothing but contents of files, and times, waits to be written. */
static bool only_contents(const struct node *n)
{
    if (n->moved || n->fresh || volume.super_dirty)
        return false;
    for (enum buffer_class c = CLASS_META; c < CLASS_COUNT; c++)
        if (!list_empty(&cache.dirty[c]))
            return false;
    return true;
}

int commit_file(const struct node *n)
{
    if (!only_contents(n))
        return commit_all();
    int error = commit_data();
    return error ? error : io_flush();
}

int commit_before_late(const struct buffer *b)
{
    const struct list *late = &cache.dirty[CLASS_LATE];
    if (list_empty(late) || (b && late->next == &b->link))
        return 0;
    return commit_all();
}
