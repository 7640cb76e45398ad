/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layout is bubblewrap's to the blank: some callers take it apart with sed. */
#include "bwrap/status.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

int status_child(pid_t pid, uint64_t spaces, bool lines, struct buf *out)
{
    static const struct {
        const char *name;
        uint64_t flag;
    } kinds[] = { { "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "mnt", CLONE_NEWNS },
                  { "net", CLONE_NEWNET },       { "pid", CLONE_NEWPID }, { "uts", CLONE_NEWUTS } };
    int r = buf_printf(out, lines ? "{\n    \"child-pid\": %d" : "{ \"child-pid\": %d", pid);

    for (size_t i = 0; i < ELEMENTSOF(kinds) && r >= 0; i++) {
        struct stat st;
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kinds[i].name);
        if (spaces & kinds[i].flag && stat(path, &st) == 0)
            r = buf_printf(out, ",%s\"%s-namespace\": %ju", lines ? "\n    " : " ", kinds[i].name, (uintmax_t)st.st_ino);
    }
    return r < 0 ? r : buf_str(out, lines ? "\n}\n" : " }\n");
}

int status_exit(int code, struct buf *out)
{
    return buf_printf(out, "{ \"exit-code\": %d }\n", code);
}

int status_write(int fd, const struct buf *text)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}
