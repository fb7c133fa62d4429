/* SPDX-License-Identifier: MIT */
/* init.h: what the files of the baseline's first program share. */
#ifndef TOLL_INIT_H
#define TOLL_INIT_H

#include <stdbool.h>

/* Writes text for the harness or for people. */
void init_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a "sym" record (wire.h) for each place in the kernel where an event begins that the counting plugin
   counts, and for its first instruction.  False if the kernel does not tell. */
bool symbols_print(void);

/* Loads the modules in a folder of the initramfs in the order of their names. */
void init_load_modules(const char *folder);

/* Loads the network's modules and gives the first interface the address that the kernel's command line has in
   ip=ADDRESS/PREFIX[,GATEWAY]; without that word nothing. */
void network_start(const char *command_line);

#endif
