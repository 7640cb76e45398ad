/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of git's configuration files. Properties: entries lie in the text, in order, none in another; what is written
 * reads back the same; replacing one name changes that name and no other entry. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/git_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool same_value(const struct git_entry *a, const struct git_entry *b)
{
    return a->value && b->value ? strcmp(a->value, b->value) == 0 : a->value == b->value;
}

static void check_places(const struct git_config *c, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < c->n; i++) {
        require(c->v[i].begin >= at && c->v[i].end > c->v[i].begin && c->v[i].end <= len);
        at = c->v[i].end;
    }
}

/* Written out one by one it is the same configuration. */
static void check_written(const struct git_config *c)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_git_config_ struct git_config again = { 0 };
    for (size_t i = 0; i < c->n; i++)
        require((c->v[i].key ? git_config_line : git_config_header)(&text, &c->v[i]) == 0);
    require(text.len > GIT_CONFIG_BYTES || git_config_parse(text.data ? text.data : "", text.len, &again) == 0);
    require(text.len > GIT_CONFIG_BYTES || again.n == c->n);
    for (size_t i = 0; i < again.n; i++)
        require(git_entry_same(&again.v[i], &c->v[i]) && same_value(&again.v[i], &c->v[i]));
}

static void check_replaced(const char *text, size_t len, const struct git_config *c, size_t i, size_t n)
{
    _cleanup_buf_ struct buf out = { 0 };
    _cleanup_git_config_ struct git_config after = { 0 };
    struct git_entry value = c->v[i];
    value.value = (char *)(uintptr_t) "a \"new\" ; value";
    const struct git_entry *values[] = { &value, &value };
    require(git_config_replace(text, len, &c->v[i], values, n, &out) == 0);
    if (out.len > GIT_CONFIG_BYTES)
        return;
    require(git_config_parse(out.data ? out.data : "", out.len, &after) == 0);
    size_t at = 0, found = 0;
    for (size_t k = 0; k < after.n; k++)
        found += after.v[k].key && git_entry_same(&after.v[k], &value) && same_value(&after.v[k], &value);
    require(found == n);
    for (size_t k = 0; k < c->n; k++) { /* the others, in their order */
        if (!c->v[k].key || git_entry_same(&c->v[k], &value))
            continue;
        while (at < after.n && (!after.v[at].key || git_entry_same(&after.v[at], &value)))
            at++;
        require(at < after.n && git_entry_same(&after.v[at], &c->v[k]) && same_value(&after.v[at], &c->v[k]));
        at++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_git_config_ struct git_config config = { 0 };
    const char *text = (const char *)data;
    if (git_config_parse(text, size, &config) < 0)
        return 0;
    check_places(&config, size);
    check_written(&config);
    for (size_t i = 0; i < config.n && i < 8; i++)
        if (config.v[i].key)
            for (size_t n = 0; n < 3; n++)
                check_replaced(text, size, &config, i, n);
    return 0;
}
