/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the gateway's policy blob. The length in its header is put right, so that what follows is reached. Property: a
 * blob that is taken says the same when it is written again. */
#include <stdint.h>
#include <string.h>

#include "ipc/egress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct egress_policy policy;
    struct buf again = { 0 };
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    for (unsigned i = 0; size >= 12 && i < 4; i++)
        copy[8 + i] = (uint8_t)(size >> (8 * i));
    if (egress_decode(copy, size, &policy) == 0) {
        if (egress_encode(&policy, &again) < 0 || again.len != size || memcmp(again.data, copy, size) != 0)
            abort();
        egress_free(&policy);
    }
    buf_free(&again);
    free(copy);
    return 0;
}
