/* SPDX-License-Identifier: MIT */
/* switch.S: stack switches between threads of a library: upcalls then use the new thread's stack. */
#include "machine/domain.h"

.macro SWITCH_TOP
    mov %rdx, user_info + INFO_UPCALL_STACK(%rip)
.endm
#include "machine/switch_common.inc"

    .section .note.GNU-stack, "", @progbits
