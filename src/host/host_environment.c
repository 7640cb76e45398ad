/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What surrounds us and may take things away: sysctls, a container, its filter and its covers over /proc. Files are read,
 * nothing is tried. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/host_probe.h"

#define TEXT_MAX (1U << 20)

long host_sysctl(const char *name)
{
    char path[128];
    _cleanup_buf_ struct buf text = { 0 };
    snprintf(path, sizeof(path), "/proc/sys/%s", name);
    if (buf_read_file(&text, AT_FDCWD, path, 64) < 0 || !text.data)
        return -1;
    char *end;
    long value = strtol(text.data, &end, 10);
    return end == text.data || value < 0 ? -1 : value;
}

const char *host_container(void)
{
    static const struct {
        const char *path, *name;
    } marks[] = {
        { "/run/.containerenv", "podman" },
        { "/.dockerenv", "docker" },
        { "/run/systemd/container", "a container" },
        { "/run/host/container-manager", "a container" },
    };
    for (size_t i = 0; i < ELEMENTSOF(marks); i++)
        if (access(marks[i].path, F_OK) == 0)
            return marks[i].name;
    return NULL;
}

/* proc_pid_status(5): 2 is a filter. */
bool host_filtered(void)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (buf_read_file(&text, AT_FDCWD, "/proc/self/status", TEXT_MAX) < 0 || !text.data)
        return false;
    const char *line = strstr(text.data, "\nSeccomp:\t");
    return line && line[strlen("\nSeccomp:\t")] == '2';
}

unsigned host_proc_covers(void)
{
    _cleanup_buf_ struct buf text = { 0 };
    unsigned n = 0;
    if (buf_read_file(&text, AT_FDCWD, "/proc/self/mountinfo", TEXT_MAX) < 0)
        return 0;
    for (const char *p = text.data; p && (p = strstr(p, " /proc/")); p++)
        n++;
    return n;
}
