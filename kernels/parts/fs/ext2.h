/* SPDX-License-Identifier: MIT */
/*
 * ext2.h: the second extended file system as it lies on the disk: little-endian, which is this machine's order too.
 *
 * Block 0 is followed by groups of blocks.  Each group has a bitmap of its blocks, a bitmap of its inodes and a
 * table of inodes; the group descriptors lie in the block after the superblock, which is at byte 1024.
 */
#ifndef TOLL_FS_EXT2_H
#define TOLL_FS_EXT2_H

#include <stdint.h>

#define EXT2_SUPER_OFFSET 1024u
#define EXT2_MAGIC 0xef53
#define EXT2_ROOT_INO 2u
#define EXT2_OLD_FIRST_INO 11u
#define EXT2_OLD_INODE_BYTES 128u
#define EXT2_LINK_MAX 32000u
#define EXT2_DIRECT 12u
#define EXT2_POINTERS 15u
#define EXT2_FAST_LINK_MAX 60u

#define EXT2_STATE_CLEAN 1u
#define EXT2_STATE_ERRORS 2u

#define EXT2_INCOMPAT_FILETYPE 2u
#define EXT2_RO_SPARSE_SUPER 1u
#define EXT2_RO_LARGE_FILE 2u

#define EXT2_FLAG_INDEX 0x1000u        /* the directory has a hash tree */
#define EXT2_FLAGS_FOREIGN 0x10080000u /* extents, inline data: not ext2 */

#define EXT2_ATTRIBUTES_MAGIC 0xea020000u

struct ext2_super {
    uint32_t inodes, blocks, blocks_reserved, blocks_free, inodes_free, first_block, log_block_bytes,
        log_fragment_bytes;
    uint32_t blocks_per_group, fragments_per_group, inodes_per_group, mount_time, write_time;
    uint16_t mounts, mounts_max, magic, state, errors, revision_minor;
    uint32_t check_time, check_interval, creator, revision;
    uint16_t reserved_uid, reserved_gid;
    /* revision 1 */
    uint32_t first_ino;
    uint16_t inode_bytes, group_of_this;
    uint32_t feature_compat, feature_incompat, feature_ro;
};

struct ext2_group {
    uint32_t block_bitmap, inode_bitmap, inode_table;
    uint16_t blocks_free, inodes_free, directories, pad;
    uint32_t reserved[3];
};

struct ext2_inode {
    uint16_t mode, uid;
    uint32_t size, atime, ctime, mtime, dtime;
    uint16_t gid, links;
    uint32_t sectors, flags, os1, block[EXT2_POINTERS], generation, attributes, size_high, fragment;
    uint8_t fragment_number, fragment_bytes;
    uint16_t pad, uid_high, gid_high;
    uint32_t reserved;
};

struct ext2_entry {
    uint32_t ino;
    uint16_t bytes; /* to the next entry: a multiple of 4 */
    uint8_t name_length, type;
    char name[];
};
#define EXT2_ENTRY_BYTES(name_length) ((8u + (name_length) + 3u) & ~3u)

struct ext2_attributes {
    uint32_t magic, references, blocks, hash;
};

/* Types in mode and in directory entries. */
#define EXT2_S_FMT 0xf000u
#define EXT2_S_FIFO 0x1000u
#define EXT2_S_CHAR 0x2000u
#define EXT2_S_DIR 0x4000u
#define EXT2_S_BLOCK 0x6000u
#define EXT2_S_FILE 0x8000u
#define EXT2_S_LINK 0xa000u
#define EXT2_S_SOCKET 0xc000u

_Static_assert(sizeof(struct ext2_group) == 32, "group descriptor");
_Static_assert(sizeof(struct ext2_inode) == 128, "inode");

#endif
