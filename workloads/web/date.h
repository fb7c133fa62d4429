/* SPDX-License-Identifier: MIT */
/* date.h: dates of HTTP (RFC 9110, section 5.6.7). */
#ifndef WEB_DATE_H
#define WEB_DATE_H

#include "web/http.h"

#define DATE_BYTES 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Writes DATE_BYTES and a NUL. */
void date_write(int64_t seconds, char out[DATE_BYTES + 1]);

/* Seconds since 1970 of any of the three formats; false: it is none. */
bool date_read(struct span text, int64_t *seconds);

#endif
