/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the guard's way along a path, beside the kernel's: in a directory with symlinks of all kinds, what the one finds
 * the other finds, and where the one answers with an error so does the other, with the same. The input's first byte says
 * whether the last symlink is followed. /proc, where the guard finds less on purpose, is left out. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/guard_place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[64];
static int tree = -1;
static struct guard guard = { .listener = -1, .proc = -1, .root = -1, .observe.channel = -1 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void clear(void)
{
    static const char *const names[] = { "d/e/up", "d/e/file", "d/e",     "d/abs", "d/file", "d",    "link", "dirlink",
                                         "dirslash", "loop1",  "loop2",   "nowhere", "deep", "dots", "self", "file", "long" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (unlinkat(tree, names[i], 0) < 0)
            unlinkat(tree, names[i], AT_REMOVEDIR);
    rmdir(directory);
}

static bool make(const char *name)
{
    return mknodat(tree, name, S_IFREG | 0644, 0) == 0;
}

/* Once. False: this host has no place, or no /proc. */
static bool prepare(void)
{
    const char *base = getenv("TMPDIR");
    char absolute[96], text[512];
    guard.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    guard.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(directory, sizeof(directory), "%s/guard-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
    if (guard.proc < 0 || guard.root < 0 || !mkdtemp(directory))
        return false;
    tree = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    atexit(clear);
    snprintf(absolute, sizeof(absolute), "%s/d", directory);
    memset(text, '.', sizeof(text));
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = '/';
    memcpy(text + sizeof(text) - 6, "/file", 6);
    return tree >= 0 && mkdirat(tree, "d", 0755) == 0 && mkdirat(tree, "d/e", 0755) == 0 && make("file") && make("d/file") &&
           make("d/e/file") && symlinkat("file", tree, "link") == 0 && symlinkat("d", tree, "dirlink") == 0 &&
           symlinkat("d///", tree, "dirslash") == 0 && symlinkat("loop2", tree, "loop1") == 0 &&
           symlinkat("loop1/x", tree, "loop2") == 0 && symlinkat("missing", tree, "nowhere") == 0 &&
           symlinkat("dirlink/e/up", tree, "deep") == 0 && symlinkat("../..", tree, "d/e/up") == 0 &&
           symlinkat("d/../d/./e", tree, "dots") == 0 && symlinkat(".", tree, "self") == 0 &&
           symlinkat(absolute, tree, "d/abs") == 0 && symlinkat(text, tree, "long") == 0;
}

/* Does it lead to /proc? Whatever comes from the root may, so that only our own directory is let through. */
static bool elsewhere(const char *path)
{
    return strstr(path, "proc") || strstr(path, "/dev") || strstr(path, "/sys") || strstr(path, "/run");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready = -1;
    char path[2 * PATH_MAX];
    if (ready < 0)
        ready = prepare();
    if (!ready || size < 2 || size > sizeof(path))
        return 0;
    bool follow = data[0] & 1;
    memcpy(path, data + 1, size - 1);
    path[size - 1] = '\0';
    if (elsewhere(path))
        return 0;
    struct seccomp_notif call = { .pid = (unsigned)getpid() };
    struct asker asker = { .guard = &guard, .call = &call };
    struct place p _cleanup_place_;
    struct stat st;
    place_init(&p);
    int found = guard_place_find(&asker, tree, (uint64_t)(uintptr_t)path, follow ? PLACE_FOLLOW : PLACE_NOFOLLOW, &p);
    if (found == -EFAULT || found == -EACCES)
        return 0; /* a host that lets nobody read a process's memory; directories of others */
    int kernel = openat(tree, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    int error = kernel < 0 ? -errno : 0;
    /* not followed, "link/" is the link; the call is made with the slash, and says itself what the kernel says of that */
    bool slash = path[0] && path[strlen(path) - 1] == '/';
    if (found == 0 && slash && !follow && p.target >= 0 && S_ISLNK(p.st.st_mode)) {
        if (kernel >= 0)
            close(kernel);
        return 0;
    }
    if (kernel < 0) {
        bool either = found < 0 && (found == -ENAMETOOLONG || error == -ENAMETOOLONG); /* of two mistakes, one comes first */
        require(found == error || either || (found == 0 && p.target < 0 && error == -ENOENT) || /* a last name has a place */
                (found == 0 && p.target >= 0 && slash && error == -ENOTDIR));
        return 0;
    }
    require(found == 0 && p.target >= 0 && fstat(kernel, &st) == 0);
    require(st.st_dev == p.st.st_dev && st.st_ino == p.st.st_ino);
    require(p.path[0] == '/');
    close(kernel);
    return 0;
}
