/* SPDX-License-Identifier: MIT */
/* client.h: what the message stubs of servers' clients need from the domain that they are linked with, and offer it. */
#ifndef TOLL_MICRO_CLIENT_H
#define TOLL_MICRO_CLIENT_H

#include "env.h"
#include "micro/client/message.h"
#include "micro/protocol.h"

/* The domain shares no memory with others (path=copy, or it is composed so): the kernel copies what does not fit
   messages. */
extern bool client_copies;

/* Before the first call of a stub. */
void client_init(void);

/* Whether the command line has the word, before "--". */
bool client_word(const char *word);

/* The configuration of the network, as net_init wants it ("": NULL); false: the command line asks for none (ip=). */
#define CLIENT_NETWORK_BYTES 64
bool client_network(char config[CLIENT_NETWORK_BYTES]);

/* What the kernel has in use: stores those of enum wire_usage that are its own. */
void client_usage(uint64_t *out);

/* What follows the word "--" on the command line, or "". */
const char *client_program_words(void);

/* Where the domain itself reaches the caller's memory at address; *bytes is lowered to what lies there in one piece.
   NULL: there is none. */
const void *client_reach(uaddr_t address, uint64_t *bytes);

/* Makes that memory present, for reading or for writing.  -EFAULT */
int client_touch(uaddr_t address, uint64_t bytes, bool write);

/* fs.c: the node, which client has open, is from now on open here too, once more.  For mem. */
int fs_adopt(int node, uint64_t client);

#endif
