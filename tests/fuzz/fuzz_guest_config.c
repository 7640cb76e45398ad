/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what a guest is told by its initramfs (ipc/guest_config.h). Property: whatever the bytes are, what is taken lies in
 * them and ends. */
#include <stdlib.h>
#include <string.h>

#include "ipc/guest_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guest_config config;
    char *bytes = malloc(size + 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data, size);
    if (guest_config_read(bytes, size, &config) >= 0) {
        size_t n = 0;
        for (char **a = config.argv; *a; a++)
            n += strlen(*a) + 1;
        for (char **e = config.env; *e; e++)
            n += strlen(*e) + 1;
        for (size_t i = 0; i < config.n_places; i++)
            n += strlen(config.places[i].path) + 1;
        if (n > size || !config.directory || strlen(config.directory) >= size)
            abort();
        free(config.argv);
        free(config.env);
        free(config.places);
        free((void *)(uintptr_t)config.filter);
    }
    free(bytes);
    return 0;
}
