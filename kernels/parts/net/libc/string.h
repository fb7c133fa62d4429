/* SPDX-License-Identifier: MIT */
/* string.h: lwIP asks for the C library's by this name. */
#ifndef TOLL_NET_STRING_H
#define TOLL_NET_STRING_H

#include "base/string.h"

#endif
