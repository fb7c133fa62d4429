/* SPDX-License-Identifier: MIT */
/*
 * protocol.h: what the servers of the microkernel are asked.  The operation is the tag's; word 0 of a reply is the
 * result, as the function of the same name returns it.
 *
 * Data that does not fit words lies in the *buffer*: memory that client and server share (set up at boot, each sees it
 * at WINDOW_OF the other), or, where a client shares none (path=copy on the command line, or composed so), memory of
 * it that its message names as payload and the kernel copies.  The buffer begins with what the table lists.
 */
#ifndef TOLL_MICRO_PROTOCOL_H
#define TOLL_MICRO_PROTOCOL_H

#include "fs.h"
#include "machine/domain.h"

/* Where a domain sees memory that it shares with domain n. */
#define WINDOW_STRIDE 0x80000000
#define WINDOW_OFFSET(n) ((n) * (uint64_t)WINDOW_STRIDE)
#define WINDOW_OF(n) ((char *)((uint64_t)&user_info + (DOMAIN_WINDOW - DOMAIN_INFO) + WINDOW_OFFSET(n)))

#define BUFFER_FS_BYTES 65536u /* between fs and each of its clients */
#define BUFFER_CONSOLE_BYTES 4096u
#define BUFFER_ECHO_BYTES 65536u

/*
 * The file server.  Words are numbered from 0; those from 4 on lie in memory (struct domain_message).
 *
 *              words of the request               in the buffer             more of the reply
 *   OPEN       dir, flags, mode, length of path   path
 *   ADOPT      node, client                       (from mem only: an opener more, if client has the node)
 *   CLOSE      node, openers
 *   READ       node, offset, n                    data, from the server     1: FAULT_SEEN
 *   WRITE      node, offset, n                    data                      1: FAULT_SEEN
 *   TRUNCATE   node, bytes
 *   FSYNC      node
 *   STAT       node                                                         4-10: struct fs_stat
 *   VOLUME                                                                  4-8: struct fs_volume
 *   BOOKS                                                                   4-8: struct fs_books
 *   ENTRY      node, cookie                       struct fs_entry, from it  1: cookie
 *   MKDIR      dir, mode, 0, length               path
 *   RMDIR      dir, 0, 0, length                  path
 *   UNLINK     dir, 0, 0, length                  path
 *   RENAME     dir, dir, length, length           two paths
 *   LINK       dir, dir, length, length           two paths
 *   SYMLINK    0, dir, length, length             target, path
 *   READLINK   node, size                         text, from the server
 *   TIMES      node, atime, mtime
 *   CHMOD      node, mode
 */
enum ask_fs {
    ASK_FS_UNMOUNT,
    ASK_FS_SYNC,
    ASK_FS_OPEN,
    ASK_FS_ADOPT,
    ASK_FS_CLOSE,
    ASK_FS_READ,
    ASK_FS_WRITE,
    ASK_FS_TRUNCATE,
    ASK_FS_FSYNC,
    ASK_FS_STAT,
    ASK_FS_VOLUME,
    ASK_FS_BOOKS,
    ASK_FS_ENTRY,
    ASK_FS_MKDIR,
    ASK_FS_RMDIR,
    ASK_FS_UNLINK,
    ASK_FS_RENAME,
    ASK_FS_LINK,
    ASK_FS_SYMLINK,
    ASK_FS_READLINK,
    ASK_FS_TIMES,
    ASK_FS_CHMOD,
    ASK_FS_OPERATIONS
};
#define FS_SECOND_PATH FS_PATH_MAX /* where a second path begins in the buffer */
#define FAULT_SEEN 1               /* the payload could not be reached: the client has to bring its memory in */

/*
 * The disk's driver.  The buffer is all of the client's memory (DOMAIN_RAM): an order is named by its offset in there.
 *
 *   INIT                                                                    1: sectors
 *   SUBMIT     order                              there: struct blk_order   (-EAGAIN: wait for another one first)
 *   WAIT       order                                                        (when it is done)
 */
enum ask_blk { ASK_BLK_INIT, ASK_BLK_SUBMIT, ASK_BLK_WAIT, ASK_BLK_OPERATIONS };
#define BLK_ORDERS 16u

/*
 * The console.
 *
 *   WRITE      n                                  text
 *   READ       n                                  text, from the server     (-EAGAIN: none; EVENT_INPUT will tell)
 *   READABLE
 */
enum ask_console { ASK_CONSOLE_WRITE, ASK_CONSOLE_READ, ASK_CONSOLE_READABLE, ASK_CONSOLE_OPERATIONS };

/*
 * The memory server.  Page faults come to it as messages of the kernel (MICRO_TAG_FAULT).
 *
 *   CREATE                                        1: space, 2: handle to enter it, 4: low, 5: high
 *   FREE         space
 *   MAP          space, address, bytes, flags, 4: fixed, 5: kind, 6: node, 7: image, 8: offset, 9: bytes of the source
 *                                                 1: address
 *   UNMAP        space, address, bytes
 *   UNMAP_FILES  space
 *   PROTECT      space, address, bytes, flags
 *   SYNC         space, address, bytes
 *   ADVISE_FREE  space, address, bytes
 *   BRK          space, start, now, wanted
 */
enum ask_mem {
    ASK_MEM_CREATE,
    ASK_MEM_FREE,
    ASK_MEM_MAP,
    ASK_MEM_UNMAP,
    ASK_MEM_UNMAP_FILES,
    ASK_MEM_PROTECT,
    ASK_MEM_SYNC,
    ASK_MEM_ADVISE_FREE,
    ASK_MEM_BRK,
    ASK_MEM_OPERATIONS
};
#define MEM_MAP_MORE 6

/*
 * Echo, for measuring.
 *
 *   NOTHING    any                                                          as many, undefined
 *   COPY       n                                  data, both ways
 *   FAULTS     count: as a pager it lets so many faults be tried again, each an operation that it marks; then it
 *              signals the note whose handle it replies
 */
enum ask_echo { ASK_ECHO_NOTHING, ASK_ECHO_COPY, ASK_ECHO_FAULTS, ASK_ECHO_OPERATIONS };

#ifndef __ASSEMBLER__
#include "blk.h"

/* A request to the disk as it lies in the client's memory. */
struct blk_order {
    uint32_t op, count;
    uint64_t sector;
    struct {
        uint64_t offset; /* of the data in the client's memory */
        uint64_t bytes;
    } segments[BLK_SEGMENTS_MAX];
};
_Static_assert(sizeof(struct blk_order) * 7 <= 4096, "seven to a page");
#endif
#endif
