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
#define BUFFER_NET_BYTES 65536u

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
 *   FSYNC      node, whether its times may wait
 *   STAT       node                                                         4-10: struct fs_stat
 *   VOLUME                                                                  4-8: struct fs_volume
 *   BOOKS                                                                   4-9: struct fs_books
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
 *   USED         space                            (page frames in use in this server)
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
    ASK_MEM_USED,
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

/*
 * The network.  A client can name those sockets only that it has opened or accepted.
 *
 *              words of the request               in the buffer             more of the reply
 *   INIT                                          (what net_init has answered)
 *   OPEN       kind
 *   CLOSE      socket
 *   BIND       socket, address
 *   LISTEN     socket, backlog
 *   ACCEPT     socket                                                       1: address of the peer
 *   CONNECT    socket, address
 *   SEND       socket, n, flags, address or       data                      1: FAULT_SEEN
 *              NET_NOWHERE
 *   RECEIVE    socket, n, flags                   data, from the server     1: FAULT_SEEN, 2: address it came from
 *   SHUTDOWN   socket, receiving, sending
 *   NAME       socket, of the peer                                          1: address
 *   SET        socket, option, value
 *   GET        socket, option
 *   BOOKS                                                                   4-10: struct net_books
 *   FLUSH                                         (when nic has what was sent)
 *
 * An address is ip << 16 | port.  What is ready the client reads in struct net_shown, which both see at NET_SHOWN of
 * their window, on either path of data.  If it wants to be told of changes, it gets EVENT_NET, once.
 */
enum ask_net {
    ASK_NET_INIT,
    ASK_NET_OPEN,
    ASK_NET_CLOSE,
    ASK_NET_BIND,
    ASK_NET_LISTEN,
    ASK_NET_ACCEPT,
    ASK_NET_CONNECT,
    ASK_NET_SEND,
    ASK_NET_RECEIVE,
    ASK_NET_SHUTDOWN,
    ASK_NET_NAME,
    ASK_NET_SET,
    ASK_NET_GET,
    ASK_NET_BOOKS,
    ASK_NET_FLUSH,
    ASK_NET_OPERATIONS
};
#define NET_NOWHERE (1ull << 63)
#define NET_SHOWN 0x100000
#define NET_SHOWN_BYTES 8192u

/*
 * The network interface's driver, whose one client is net.  The driver sees all of net's memory, where the rings lie
 * through which frames go (struct nic_rings); messages are only for the start and the end.
 *
 *   INIT       offset of the rings, of the frames                           1: address, 2: the driver's note,
 *                                                                           3: the client's, which it binds
 *   FLUSH      (what is in the rings has been given to the device)
 */
enum ask_nic { ASK_NIC_INIT, ASK_NIC_FLUSH, ASK_NIC_OPERATIONS };
#define NOTE_NIC_WORK 0x100 /* of the driver's note: the rings have something for it */
#define NOTE_NET_WORK 0x100 /* of the client's: for it */
#define NIC_SUMS_SENT (1ull << 48)
#define NIC_SUMS_RECEIVED (1ull << 49)

#ifndef __ASSEMBLER__
#include "blk.h"
#include "net.h"
#include "nic.h"

/* What a client sees of its sockets.  Of a word of changed, a bit in changed_any tells. */
struct net_shown {
    volatile uint32_t wants; /* the client's: EVENT_NET at the next change; the server clears it */
    volatile uint32_t changed_any;
    volatile uint64_t changed[NET_SOCKETS_MAX / 64]; /* set by the server, taken by the client */
    volatile uint16_t bits[NET_SOCKETS_MAX];         /* enum net_bits */
};
_Static_assert(sizeof(struct net_shown) <= NET_SHOWN_BYTES && NET_SOCKETS_MAX / 64 <= 32, "changed_any");

/*
 * Frames between net and nic.  Each ring is written by one side; its *_put counts for ever what was put there, and
 * what is taken the other side counts for itself.  A place is in one ring at a time, so none overflows.
 *
 *      net: send --> nic --> sent: the place is free again
 *      net: give --> nic --> came: a frame is there --> net --> give
 *
 * Who finds nothing to do says so, and the other one signals its note when there is something, once.  Neither believes
 * what it reads: numbers are checked when they are taken, and what breaks the rules loses frames of its own.
 */
#define NIC_PLACES 128u /* for frames to be sent: more than the device takes, so that it is it that tells of room */
#define NIC_FRAMES 64u  /* for frames that come */
#define NIC_FRAME_BYTES 2048u
#define NIC_FRAME_START 2u /* where a frame begins: what follows its header is aligned to four bytes */

struct nic_rings {
    /* net's */
    volatile uint32_t send_put, give_put;
    volatile uint32_t net_waits, net_full; /* it waits for frames; for places */
    /* nic's */
    volatile uint32_t sent_put, came_put;
    volatile uint32_t nic_waits, nic_full; /* it waits for frames to be sent; for places for those that came */
    volatile uint16_t send[NIC_PLACES], sent[NIC_PLACES], give[NIC_FRAMES];
    volatile struct {
        uint16_t frame, bytes, checked;
    } came[NIC_FRAMES];
    struct {
        uint16_t count, checksum_start, checksum_offset, reserved;
        struct {
            uint32_t offset, bytes; /* in net's memory */
        } segments[NIC_SEGMENTS_MAX];
    } places[NIC_PLACES];
};

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
