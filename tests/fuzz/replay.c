/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main() for a fuzzer built without libFuzzer: feeds it every file of its corpus, tests/fuzz/corpus/NAME for the
 * program fuzz_NAME, or the files named on the command line. A crash fails the test; so does an empty corpus. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    _cleanup_buf_ struct buf input = { 0 };
    int r = buf_read_file(&input, AT_FDCWD, path, 16 << 20);

    if (r < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(-r));
        return r;
    }
    /* A copy of its own size, so that a read behind the end is seen. */
    uint8_t *copy = malloc(input.len ? input.len : 1);
    if (!copy)
        return -ENOMEM;
    if (input.len)
        memcpy(copy, input.data, input.len);
    LLVMFuzzerTestOneInput(copy, input.len);
    free(copy);
    return 0;
}

static int replay_directory(const char *directory)
{
    _cleanup_closedir_ DIR *d = opendir(directory);
    const struct dirent *entry;
    int n = 0;

    if (!d) {
        fprintf(stderr, "%s: %s\n", directory, strerror(errno));
        return -errno;
    }
    while ((entry = readdir(d))) {
        _cleanup_free_ char *path = NULL;

        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0)
            return -ENOMEM;
        int r = replay(path);
        if (r < 0)
            return r;
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    const char *source = getenv("top_srcdir");
    int n = argc - 1;

    name = name ? name + 1 : argv[0];
    if (strncmp(name, "fuzz_", 5) == 0)
        name += 5;
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            if (replay(argv[i]) < 0)
                return 1;
    } else {
        _cleanup_free_ char *directory = NULL;

        if (asprintf(&directory, "%s/tests/fuzz/corpus/%s", source ? source : ".", name) < 0)
            return 1;
        n = replay_directory(directory);
    }
    if (n <= 0) {
        printf("not ok 1 - replay of the %s corpus\n1..1\n", name);
        return 1;
    }
    printf("ok 1 - replay of the %s corpus: %d inputs\n1..1\n", name, n);
    return 0;
}
