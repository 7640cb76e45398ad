/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A log that somebody has altered, as --log and --verify read it. The first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cli/log_filter.h"
#include "evidence/json_read.h"
#include "evidence/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_line line;

static void read_line(const char *text, size_t len)
{
    static const struct log_filter filter = { .kinds = "file,network", .path = "/w*", .host = "*.example",
                                              .verdict = "denied,asked", .since_ns = 1, .until_ns = UINT64_MAX - 1 };
    if (json_read(&line, text, len) < 0)
        return;
    if (line.n == 0 || line.n > JSON_READ_VALUES)
        abort();
    for (size_t i = 0; i < line.n; i++) {
        struct buf out = { 0 };
        const struct json_value *v = &line.v[i];
        if (v->after <= i || v->after > line.n || v->text < text || v->text + v->len > text + len)
            abort();
        if (json_unescape(v, &out) < 0 || out.len > 3 * v->len || (out.data && strlen(out.data) != out.len))
            abort();
        for (size_t k = 0; json_element(&line, v, k); k++)
            if (k > line.n)
                abort();
        buf_free(&out);
    }
    (void)log_filter_passes(&filter, &line);
}

/* Nobody but who has the key can make a log that is whole. */
static void verify(const uint8_t *data, size_t len)
{
    static const uint8_t key[KEY_PUBLIC_SIZE] = { 1 };
    struct verify v;
    int fd = memfd_create("log", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
        abort();
    if (verify_log(&LOG_STREAM_OF(fd), key, &v) < 0 || v.result == VERIFY_WHOLE || v.signed_records || v.from > v.at)
        abort();
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf why = { 0 };
    if (size == 0 || crypto_open(&why) < 0)
        return 0;
    if (data[0] % 2)
        verify(data + 1, size - 1);
    else
        read_line((const char *)data + 1, size - 1);
    return 0;
}
