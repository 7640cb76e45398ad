/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process that waits for long keeps mapped. */
#ifndef AGENTJAIL_SYS_IDLE_MEMORY_H
#define AGENTJAIL_SYS_IDLE_MEMORY_H

/* Give the kernel back what only the start has used: freed heap, the stack below the caller, and this process's hold on
 * the pages of programs and libraries that nobody writes, which come back from the page cache one by one as they are
 * used. Takes some ten microseconds, and as many when the process wakes next: for one that is about to wait. Needs
 * madvise(2) and brk(2) to be permitted; where they are not, nothing happens. */
void idle_memory_give_back(void);

#endif
