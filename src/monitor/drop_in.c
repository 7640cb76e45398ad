/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/drop_in.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/verdict.h"

#define FILE_NAME "asked.ini"
#define FILE_NEW ".asked.new"
#define FILE_SIZE_MAX (256 * 1024)
#define HEADER "# What you have allowed when agentjail asked. Take a line out to be asked again.\n[network]\n"

bool drop_in_possible(const struct policy *policy)
{
    return policy->profiles_dir && policy->name && !policy->fixed;
}

int drop_in_path(const struct policy *policy, struct buf *out)
{
    return buf_printf(out, "%s/%s.d/" FILE_NAME, policy->profiles_dir, policy->name);
}

int drop_in_tell(const struct policy *policy, const char *line, struct buf *out)
{
    _cleanup_buf_ struct buf path = { 0 };
    const char *rule = strncmp(line, "allow = ", 8) == 0 ? line + 8 : NULL;
    const char *name = strncmp(line, "unprotect = ", 12) == 0 ? line + 12 : NULL;
    int r = 0;
    if (drop_in_possible(policy))
        r = buf_printf(&path, "%s/%s.d/mine.ini", policy->profiles_dir, policy->name);
    if (r >= 0)
        r = buf_printf(out, "such a line is kept below [%s] in ", name ? "files" : "network");
    if (r >= 0)
        r = path.data ? buf_visible(out, path.data) : buf_str(out, "the profile");
    if (r >= 0 && (rule || name)) {
        r = buf_printf(out, "; for one run: --%s=", rule ? "net-allow" : "unprotect");
        if (r >= 0)
            r = buf_visible(out, rule ? rule : name);
    }
    return r < 0 ? r : buf_char(out, '\n');
}

/* Open NAME below dir (AT_FDCWD: an absolute path), made if it is not there. It has to be the user's own, and nobody else's to
 * write: the profile is refused otherwise. */
static int open_dir(int dir, const char *name)
{
    if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return TAKE_FD(fd);
}

/* The directories down to NAME.d. The configuration's own may be missing, too. */
static int open_place(const struct policy *policy)
{
    _cleanup_buf_ struct buf path = { 0 };
    int r = buf_printf(&path, "%s/%s.d", policy->profiles_dir, policy->name);
    if (r < 0)
        return r;
    for (char *slash = strchr(path.data + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(AT_FDCWD, path.data, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return -errno;
        *slash = '/';
    }
    return open_dir(AT_FDCWD, path.data);
}

/* A whole line of the text? */
static bool has_line(const char *text, const char *line)
{
    size_t len = strlen(line);
    for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        if (strncmp(p, line, len) == 0 && (p[len] == '\n' || p[len] == '\0'))
            return true;
    return false;
}

static int write_whole(int dir, const struct buf *text)
{
    _cleanup_close_ int fd = openat(dir, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    size_t done = 0;
    while (done < text->len) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    if (fsync(fd) < 0 || renameat(dir, FILE_NEW, dir, FILE_NAME) < 0)
        return -errno;
    return 0;
}

/* The file with the line at its end. */
static int compose(int dir, const char *line, struct buf *text)
{
    int r = buf_read_file(text, dir, FILE_NAME, FILE_SIZE_MAX);
    if (r < 0 && r != -ENOENT)
        return r;
    if (text->len && has_line(text->data, line))
        return 1;
    bool fresh = text->len == 0;
    r = fresh ? buf_str(text, HEADER) : 0;
    if (r >= 0 && text->data[text->len - 1] != '\n')
        r = buf_char(text, '\n');
    if (r >= 0 && !fresh)
        r = buf_str(text, "[network]\n"); /* whatever section the user may have ended it with */
    return r < 0 ? r : buf_printf(text, "%s\n", line);
}

/* As host names are: nothing that could be another key, a comment, a second line. */
static bool is_plain(const char *name)
{
    return *name && strlen(name) < 256 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == strlen(name);
}

int drop_in_allow(const struct policy *policy, const char *name, uint16_t port, struct buf *why)
{
    _cleanup_buf_ struct buf line = { 0 }, text = { 0 };
    if (!is_plain(name) || !port || !drop_in_possible(policy)) {
        (void)buf_str(why, "it cannot be written to the profile");
        return -EINVAL;
    }
    _cleanup_close_ int dir = open_place(policy);
    int r = dir < 0 ? dir : verdict_line(name, port, false, &line);
    if (r >= 0)
        r = compose(dir, line.data, &text);
    if (r == 1)
        return 0;
    if (r >= 0)
        r = write_whole(dir, &text);
    if (r < 0)
        (void)buf_printf(why, "%s/%s.d/" FILE_NAME " cannot be written: %s", policy->profiles_dir, policy->name, strerror(-r));
    return r;
}
