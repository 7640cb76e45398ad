/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/idle_memory.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A stack grows down; nothing else may be this near below one (stack_guard_gap in
 * Documentation/admin-guide/kernel-parameters). */
enum { STACK_BELOW = 1 << 20 };

/* Whole pages only; a page that lies partly in a segment that is written has been copied, and must not be lost. */
static int give_segments(struct dl_phdr_info *info, size_t size, void *with)
{
    uintptr_t page = *(const uintptr_t *)with;
    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr, end = start + part->p_memsz;
        start = (start + page - 1) & ~(page - 1);
        end &= ~(page - 1);
        if (part->p_type == PT_LOAD && !(part->p_flags & PF_W) && start < end)
            (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void idle_memory_give_back(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);
    (void)malloc_trim(0);
    /* The page below may hold this very frame's calls. What is not mapped there ends in ENOMEM, after the rest was done. */
    (void)madvise((void *)(here - page - STACK_BELOW), STACK_BELOW, MADV_DONTNEED);
    (void)dl_iterate_phdr(give_segments, &page);
}
