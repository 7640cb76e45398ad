/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of proxies' answers. The first byte chooses the kind and whether there is a password. Properties: pieces make no
 * difference, nothing is taken behind the answer, a failure says why. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/proxy_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t run(struct proxy_talk *t, uint8_t how, const uint8_t *data, size_t size, size_t step)
{
    size_t at = 0, used;
    proxy_begin(t, how & 1 ? EGRESS_SOCKS5_PROXY : EGRESS_HTTP_PROXY, how & 4 ? "10.0.0.1" : "a.example", 443,
                how & 2 ? "user:password" : "");
    while (at < size && t->result != PROXY_OPEN && t->result != PROXY_FAILED) {
        size_t n = size - at < step ? size - at : step;
        proxy_feed(t, data + at, n, &used);
        if (used > n || (used < n && t->result == PROXY_MORE))
            abort();
        at += used;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_talk whole, pieces;
    if (size == 0)
        return 0;
    size_t taken = run(&whole, data[0], data + 1, size - 1, size);
    if (run(&pieces, data[0], data + 1, size - 1, 1) != taken || whole.result != pieces.result ||
        whole.out_len != pieces.out_len || memcmp(whole.out, pieces.out, whole.out_len) != 0 ||
        strcmp(whole.why, pieces.why) != 0)
        abort();
    if ((whole.result == PROXY_FAILED) != (whole.why[0] != '\0'))
        abort();
    char *list = strndup((const char *)data + 1, size - 1);
    proxy_excepts(list, "a.example");
    proxy_excepts(list, "10.0.0.1");
    free(list);
    return 0;
}
