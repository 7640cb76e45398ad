/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/guest_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 5 };

struct counts {
    size_t arguments, variables, places;
};

static size_t length_at(const char *p)
{
    const unsigned char *b = (const unsigned char *)p + 1;
    return (size_t)b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
}

/* Every record is whole and ends in its NUL; how many there are of each list. */
static int count(const char *bytes, size_t n, struct counts *ret)
{
    struct counts c = { 0 };
    for (size_t at = 0; at < n;) {
        if (n - at < HEAD)
            return -EBADMSG;
        size_t len = length_at(bytes + at);
        if (len >= n - at - HEAD || bytes[at + HEAD + len] != '\0')
            return -EBADMSG;
        c.arguments += bytes[at] == CONFIG_ARGUMENT;
        c.variables += bytes[at] == CONFIG_VARIABLE;
        c.places += bytes[at] == CONFIG_EXEC || bytes[at] == CONFIG_NO_EXEC;
        at += HEAD + len + 1;
    }
    *ret = c;
    return c.arguments && c.arguments + c.variables + c.places < GUEST_LIST_MAX * 16UL ? 0 : -EBADMSG;
}

static int take(struct guest_config *config, struct counts *at, char kind, char *data, size_t len)
{
    switch (kind) {
    case CONFIG_NUMBERS:
        if (len != sizeof(config->numbers))
            return -EBADMSG;
        memcpy(&config->numbers, data, len);
        return 0;
    case CONFIG_ARGUMENT:
        config->argv[at->arguments++] = data;
        return 0;
    case CONFIG_VARIABLE:
        config->env[at->variables++] = data;
        return 0;
    case CONFIG_DIRECTORY:
        config->directory = data;
        return 0;
    case CONFIG_PATH:
        config->path = data;
        return 0;
    case CONFIG_EXEC:
    case CONFIG_NO_EXEC:
        config->places[at->places++] = (struct guest_place){ data, kind == CONFIG_EXEC };
        return 0;
    case CONFIG_FILTER: { /* aligned as its own allocation */
        if (len == 0 || len % sizeof(struct sock_filter) || config->filter)
            return -EBADMSG;
        struct sock_filter *code = malloc(len);
        if (!code)
            return -ENOMEM;
        memcpy(code, data, len);
        config->filter = code;
        config->n_filter = len / sizeof(*code);
        return 0;
    }
    default:
        return -EBADMSG;
    }
}

int guest_config_read(char *bytes, size_t n, struct guest_config *ret)
{
    struct counts c, at = { 0 };
    int r = count(bytes, n, &c);
    if (r < 0)
        return r;
    struct guest_config config = {
        .argv = calloc(c.arguments + 1, sizeof(*config.argv)),
        .env = calloc(c.variables + 1, sizeof(*config.env)),
        .places = calloc(c.places + 1, sizeof(*config.places)),
        .n_places = c.places,
    };
    if (!config.argv || !config.env || !config.places)
        r = -ENOMEM;
    for (size_t i = 0; i < n && r >= 0;) {
        size_t len = length_at(bytes + i);
        r = take(&config, &at, bytes[i], bytes + i + HEAD, len);
        i += HEAD + len + 1;
    }
    if (r >= 0 && !config.directory)
        r = -EBADMSG;
    if (r < 0) {
        free(config.argv);
        free(config.env);
        free(config.places);
        free((void *)(uintptr_t)config.filter);
        return r;
    }
    *ret = config;
    return 0;
}
