/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/orphans.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define STATUS_MAX 65536 /* the line of groups can be long */
#define CHILDREN_MAX 65536
#define LOOKS_MAX 64
#define OLD_S 3

/* They catch SIGCHLD, then wait for each child that they know. */
static const char *const own_only[] = { "node", "MainThread", "bun", "deno" };

/* What follows key at the beginning of a line, or NULL. */
static const char *field(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0)
            return line + len;
    }
    return NULL;
}

static bool is_named(const char *text, const char *name)
{
    const char *value = field(text, "Name:\t");
    size_t len = strlen(name);
    return value && strncmp(value, name, len) == 0 && value[len] == '\n';
}

bool orphans_heeded(const char *text)
{
    static const char *const masks[] = { "SigBlk:\t", "SigIgn:\t", "SigCgt:\t" };
    bool heeded = false;
    for (size_t i = 0; i < ELEMENTSOF(masks); i++) {
        const char *value = field(text, masks[i]);
        heeded |= value && strtoull(value, NULL, 16) & UINT64_C(1) << (SIGCHLD - 1);
    }
    for (size_t i = 0; i < ELEMENTSOF(own_only) && heeded; i++)
        heeded = !is_named(text, own_only[i]);
    return heeded;
}

/* Begun so long ago that who reaps now and then, as some do, would have. */
static bool is_old(const char *behind)
{
    struct timespec now;
    const char *at = behind;
    for (int field = 3; at && field < 22; field++) { /* starttime */
        at = strchr(at, ' ');
        at += at != NULL;
    }
    long ticks = sysconf(_SC_CLK_TCK);
    if (!at || ticks <= 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0)
        return false;
    return now.tv_sec - (int64_t)(strtoull(at, NULL, 10) / (unsigned long long)ticks) > OLD_S;
}

static bool is_dead_init(long pid)
{
    static const char dead[] = " (agentjail-init) Z ";
    char path[32];
    _cleanup_buf_ struct buf stat = { 0 };
    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    const char *found = buf_read_file(&stat, AT_FDCWD, path, 4096) >= 0 && stat.data ? strstr(stat.data, dead) : NULL;
    return found && is_old(found + sizeof(dead) - 3);
}

bool orphans_pile_up(void)
{
    _cleanup_buf_ struct buf status = { 0 }, children = { 0 };
    if (buf_read_file(&status, AT_FDCWD, "/proc/1/status", STATUS_MAX) < 0 || !status.data || orphans_heeded(status.data))
        return false;
    if (buf_read_file(&children, AT_FDCWD, "/proc/1/task/1/children", CHILDREN_MAX) < 0 || !children.data)
        return false;
    /* The eldest first: who has been dead for long and not been reaped. */
    char *at = children.data, *end;
    for (int i = 0; i < LOOKS_MAX; i++, at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            return false;
        if (is_dead_init(pid))
            return true;
    }
    return false;
}
