/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership helpers: variables that release what they hold when they go out of scope.
 * Cleanups do not run across exec, _exit or a fatal signal. */
#ifndef AGENTJAIL_BASE_CLEANUP_H
#define AGENTJAIL_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Close *fd if it is open; keeps errno, sets *fd to -1. */
static inline void cleanup_close(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        close(*fd);
        *fd = -1;
        errno = saved;
    }
}

/* free(3) what the pointer behind p points to. */
static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

/* fclose(3), unless *f is NULL. What could not be written goes unnoticed: for files that were read. */
static inline void cleanup_fclose(FILE **f)
{
    if (*f)
        fclose(*f);
}

/* closedir(3), unless *d is NULL. */
static inline void cleanup_closedir(DIR **d)
{
    if (*d)
        closedir(*d);
}

#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)

/* Hand an fd (pointer) on to a new owner: yields it and leaves -1 (NULL) behind. */
#define TAKE_FD(fd)          \
    __extension__({          \
        int *_fdp = &(fd);   \
        int _fd = *_fdp;     \
        *_fdp = -1;          \
        _fd;                 \
    })
#define TAKE_PTR(p)                 \
    __extension__({                 \
        __typeof__(p) *_pp = &(p);  \
        __typeof__(p) _p = *_pp;    \
        *_pp = NULL;                \
        _p;                         \
    })

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
#define _printf_(f, a) __attribute__((format(printf, f, a)))

#endif
