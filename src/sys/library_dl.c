/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sys/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

void library_begin(char **argv)
{
    (void)argv;
}

void library_began(pid_t child, const sigset_t *mask)
{
    (void)child;
    (void)mask;
}

void library_begun(void)
{
}

int library_needed(struct buf *why)
{
    (void)why;
    return 0;
}

void *library_open(const char *file, struct buf *why)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        buf_str(why, dlerror());
    return library;
}

void *library_symbol(void *library, const char *name)
{
    return dlsym(library, name);
}

void library_close(void *library)
{
    dlclose(library);
}

const char *library_of(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) ? info.dli_fname : NULL;
}

const struct passwd *library_user(uid_t uid)
{
    return getpwuid(uid);
}

/* The static one has named us so. */
bool library_paired(const char *path)
{
    const char *executed = (const char *)getauxval(AT_EXECFN);
    return executed && strcmp(executed, path) == 0;
}

int library_program(void)
{
    int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
