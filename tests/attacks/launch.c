/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts a command with descriptors that a careless parent would leave open:
 * `launch [N=HOW:PATH]... -- COMMAND [ARG...]`, HOW: r, w, rw, a (append), path (O_PATH), dir, closed. */
#include <fcntl.h>

#include "attack.h"

static int open_as(const char *how, const char *path)
{
    if (strcmp(how, "r") == 0)
        return open(path, O_RDONLY);
    if (strcmp(how, "w") == 0)
        return open(path, O_WRONLY | O_CREAT | O_NOCTTY, 0644);
    if (strcmp(how, "rw") == 0)
        return open(path, O_RDWR | O_NOCTTY);
    if (strcmp(how, "a") == 0)
        return open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (strcmp(how, "path") == 0)
        return open(path, O_PATH);
    if (strcmp(how, "dir") == 0)
        return open(path, O_RDONLY | O_DIRECTORY);
    errno = EINVAL;
    return -1;
}

/* One N=HOW:PATH. 0 or a status to end with. */
static int give(char *word)
{
    char *how = strchr(word, '='), *path = how ? strchr(how, ':') : NULL;

    if (!how || !path)
        return broken(word);
    *how++ = '\0';
    *path++ = '\0';
    int n = atoi(word);
    if (strcmp(how, "closed") == 0)
        return close(n) < 0 && errno != EBADF ? broken("close") : 0;
    int fd = open_as(how, path);
    if (fd < 0)
        return broken(path);
    if (fd == n)
        return 0;
    if (dup2(fd, n) < 0)
        return broken("dup2");
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    int i = 1;

    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        int r = give(argv[i]);

        if (r != 0)
            return r;
    }
    if (i + 1 >= argc)
        return broken("usage: launch [N=HOW:PATH]... -- COMMAND");
    execvp(argv[i + 1], argv + i + 1);
    return broken(argv[i + 1]);
}
