/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The directory and those above it; mkdir(2) itself is not for a monitor that is confined. */
static int make_dir(const char *path)
{
    char part[4096];
    int above = ENOENT; /* why one of those could not be made: of the last one the kernel says no more than that they lack */
    if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
        return -ENAMETOOLONG;
    for (char *p = part + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdirat(AT_FDCWD, part, 0700) < 0 && errno != EEXIST && errno != ENOENT)
            above = errno;
        *p = '/';
    }
    if (mkdirat(AT_FDCWD, part, 0700) == 0 || errno == EEXIST)
        return 0;
    return errno == ENOENT ? -above : -errno;
}

int log_file_open_dir(const char *state_dir, bool make)
{
    char path[4096];
    struct stat st;
    if (snprintf(path, sizeof(path), "%s/" EVIDENCE_DIR, state_dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make) {
        int r = make_dir(path);
        if (r < 0)
            return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    _cleanup_close_ int dir = fd;
    if (dir < 0 || fstat(dir, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || st.st_mode & 077)
        return -EPERM;
    return TAKE_FD(dir);
}

/* The time to the microsecond, so that names have the order of their jails. The calendar by hand: gmtime_r(3) looks for
 * the time zone first, which takes 150 us. */
void log_file_stem(char ret[static LOGS_NAME_MAX], uint64_t began_ns, const char *id)
{
    unsigned long seconds = began_ns / 1000000000U, day = seconds / 86400;
    seconds %= 86400;
    /* Eras of 400 years of 146097 days that begin with March, so that the leap day is the last. */
    unsigned long d = day + 719468, era = d / 146097, of_era = d % 146097;
    unsigned long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned long of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    unsigned long month_day = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    snprintf(ret, LOGS_NAME_MAX, "%04lu%02lu%02luT%02lu%02lu%02lu.%06luZ-%s", year, month, month_day, seconds / 3600,
             seconds / 60 % 60, seconds % 60, began_ns / 1000 % 1000000, id);
}

int log_file_make(int dir, const char *stem, unsigned part)
{
    char name[LOGS_NAME_MAX];
    struct stat st;
    if (!logs_part_name(name, stem, part))
        return -ENAMETOOLONG;
    for (int tries = 0; tries < 8; tries++) {
        _cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
            return -errno;
        /* A sweep or a reader may hold it for a moment, to see whether it is in use; a sweep that came first took it away. */
        while (flock(fd, LOCK_EX) < 0)
            if (errno != EINTR)
                return -errno;
        if (fstat(fd, &st) < 0)
            return -errno;
        if (st.st_nlink > 0)
            return TAKE_FD(fd);
    }
    return -EAGAIN;
}
