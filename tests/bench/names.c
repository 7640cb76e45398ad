/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What calls about names take: names COUNT makes each of them COUNT times in the current directory, and prints a line for
 * each, its name and microseconds. What is made is removed again, untimed. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int open_close(int flags)
{
    int fd = open("name", flags | O_CLOEXEC, 0644);
    return fd < 0 ? -1 : close(fd);
}

static int open_new(void)
{
    return open_close(O_WRONLY | O_CREAT | O_EXCL);
}

static int open_there(void)
{
    return open_close(O_WRONLY | O_TRUNC);
}

static int open_reading(void)
{
    return open_close(O_RDONLY);
}

static int rename_there(void)
{
    return rename("name", "name2");
}

static int rename_back(void)
{
    return rename("name2", "name");
}

static int make_directory(void)
{
    return mkdir("name", 0755);
}

static int remove_directory(void)
{
    return rmdir("name");
}

static int remove_file(void)
{
    return unlink("name");
}

static int nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*prepare)(void), (*timed)(void), (*undo)(void);
} calls[] = {
    { "open-new", nothing, open_new, remove_file },
    { "open-there", open_new, open_there, nothing },
    { "open-reading", open_new, open_reading, nothing },
    { "rename", open_new, rename_there, rename_back },
    { "mkdir", nothing, make_directory, remove_directory },
};

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    if (count < 1)
        return 2;
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        uint64_t spent = 0;
        if (calls[i].prepare() < 0)
            return 1;
        for (int k = 0; k < count; k++) {
            uint64_t begin = now_ns();
            if (calls[i].timed() < 0)
                return 1;
            spent += now_ns() - begin;
            if (calls[i].undo() < 0)
                return 1;
        }
        printf("%s %.2f\n", calls[i].name, (double)spent / count / 1000);
        unlink("name");
    }
    return 0;
}
