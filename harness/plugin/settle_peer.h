/* SPDX-License-Identifier: MIT */
/*
 * settle_peer.h: how the peer's thread says what it sleeps for: its name (proc(5): /proc/PID/task/TID/stat, the second
 * field, which is read together with the state).  It may also sleep over its work, for a lock of its process: while
 * another thread forks, who allocates memory or opens a file waits.
 */
#ifndef TOLL_SETTLE_PEER_H
#define TOLL_SETTLE_PEER_H

#define SETTLE_PEER_WAITS "peer: waits" /* for a frame, or for the plugin's word */
#define SETTLE_PEER_WORKS "peer: works"

#endif
