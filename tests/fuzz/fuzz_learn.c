/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that a hostile program used while it was learned from: whatever they are, the profile is read back as exactly the
 * grants for those that it can carry, and no other key; and again when it is widened, where every key that was there stays.
 * Input is entries that end in a NUL: a byte says what, the rest is the name. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "learn/needs.h"
#include "learn/text.h"
#include "learn/trees.h"
#include "profile/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOME "/home/user"

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* --- what is read back --- */

struct back {
    const struct learned *what;
    struct strv keys;
    size_t grants;
};

/* The path that a value means; NULL: none of the form that is written. */
static char *path_of(const char *value)
{
    static const char variable[] = "${HOME}";
    if (*value != '-')
        return NULL;
    value++;
    if (strncmp(value, variable, strlen(variable)) != 0)
        return strstr(value, "${") || *value != '/' ? NULL : strdup(value);
    value += strlen(variable);
    struct buf path = { 0 };
    if (strstr(value, "${") || buf_printf(&path, HOME "%s", value) < 0)
        return NULL;
    return buf_take(&path);
}

static bool is_of(const struct strv *list, const char *value)
{
    _cleanup_free_ char *path = path_of(value);
    return path && strv_has(list, path);
}

static bool is_ours(const char *section, const char *name, const char *value)
{
    static const char *const ours[] = {
        "profile.description=learned by agentjail --learn", "profile.include=system", "profile.include=network",
        "profile.include=programs", "profile.include=protect", "profile.include=env", "files.workspace=auto",
        "files.scratch=/tmp", "files.scratch=/var/tmp", "files.home=temporary", "files.home=persistent", "files.git=identity",
        "files.exec=${WORKSPACE}", "files.exec=/tmp", "files.exec=${HOME}", "network.mode=none", "network.mode=filtered",
    };
    _cleanup_buf_ struct buf key = { 0 };
    require(buf_printf(&key, "%s.%s=%s", section, name, value) >= 0);
    for (size_t i = 0; i < ELEMENTSOF(ours); i++)
        if (strcmp(ours[i], key.data) == 0)
            return true;
    return false;
}

static int take_back(void *data, const char *section, const char *name, const char *value, unsigned line, struct buf *why)
{
    struct back *b = data;
    const struct learned *w = b->what;
    struct buf key = { 0 };
    (void)line;
    (void)why;
    require(value != NULL && buf_printf(&key, "%s.%s=%s", section, name, value) >= 0);
    require(strv_take(&b->keys, buf_take(&key)) >= 0);
    if (is_ours(section, name, value))
        return 0;
    b->grants++;
    if (strcmp(section, "files") == 0)
        require((strcmp(name, "read") == 0 && is_of(&w->reads, value)) ||
                (strcmp(name, "exec") == 0 && is_of(&w->runs, value)) ||
                (strcmp(name, "import") == 0 && is_of(&w->imports, value)) ||
                (strcmp(name, "hide") == 0 && is_of(&w->hides, value)));
    else if (strcmp(section, "network") == 0)
        require(strcmp(name, "allow") == 0 && strv_has(&w->hosts, value));
    else
        require(strcmp(section, "profile") == 0 && strcmp(name, "include") == 0 && strv_has(&w->includes, value));
    return 0;
}

static size_t carried(const struct strv *list, bool paths)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n && (i < LEARNED_LINES_MAX || !paths); i++)
        n += learn_carries(list->v[i]) && (!paths || list->v[i][0] == '/');
    return n;
}

/* Text is plain, and reads back as what was learned; *ret_keys: all of its keys. */
static void check(const struct learned *what, const struct buf *text, bool fresh, struct strv *ret_keys)
{
    struct back b = { .what = what };
    struct buf why = { 0 };
    require(strlen(text->data) == text->len);
    require(reader_parse("f", text->data, text->len, take_back, &b, &why) == 0);
    size_t most = carried(&what->includes, false) + carried(&what->reads, true) + carried(&what->runs, true) +
                  carried(&what->imports, true) + carried(&what->hides, true) + carried(&what->hosts, false);
    if (fresh)
        require(b.grants == most);
    buf_free(&why);
    *ret_keys = b.keys;
}

/* --- the input --- */

static void add(struct strv *list, const char *text)
{
    if (!strv_has(list, text))
        require(strv_add(list, text) >= 0);
}

static void take_entry(struct learned *what, struct needs *needs, unsigned char kind, const char *text)
{
    struct strv *lists[] = { &what->reads, &what->runs,   &what->imports, &what->hides,
                             &what->hosts, &what->closed, &what->refused, &what->denied_hosts };
    if (kind % 16 < ELEMENTSOF(lists)) {
        add(lists[kind % 16], text);
    } else if (kind % 16 == 8) {
        _cleanup_buf_ struct buf below = { 0 };
        require(buf_printf(&below, HOME "/%s", text) >= 0);
        add(&what->reads, below.data);
    } else if (text[0] == '/') {
        needs_add(needs, text, kind);
        require(trees_lasting(text, HOME, kind & 16) <= strlen(text));
    }
    what->persistent = what->persistent || kind & 32;
    what->git = what->git || kind & 64;
    what->network = what->network || kind & 128;
}

static void free_lists(struct learned *what)
{
    struct strv *lists[] = { &what->includes, &what->reads, &what->runs,   &what->imports,     &what->hides,
                             &what->hosts,    &what->closed, &what->refused, &what->denied_hosts };
    for (size_t i = 0; i < ELEMENTSOF(lists); i++)
        strv_free(lists[i]);
}

/* What trees_join() leaves covers all that there was. */
static void check_trees(const struct needs *needs)
{
    struct strv paths = { 0 };
    for (size_t i = 0; i < needs->n; i++)
        require(strv_add(&paths, needs->v[i].path) >= 0);
    trees_join(&paths, HOME);
    for (size_t i = 0; i < needs->n; i++) {
        bool within = false;
        for (size_t k = 0; k < paths.n && !within; k++) {
            size_t len = strlen(paths.v[k]);
            within = strncmp(needs->v[i].path, paths.v[k], len) == 0;
        }
        require(within);
    }
    strv_free(&paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    struct needs needs = { 0 };
    char *command[] = { NULL, NULL };
    struct learned what = { .name = "f", .command = command, .home = HOME, .end = "it was ended", .time = 1 };
    struct learned more = { .name = "f", .command = command, .home = HOME, .network = true, .persistent = true, .git = true };
    struct buf text = { 0 }, wider = { 0 };
    struct strv before, after;
    size_t n;
    require(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    copy[size] = '\0';
    command[0] = copy;
    for (size_t i = 0; i < size && i < 4096; i += strlen(copy + i) + 1)
        if (copy[i] && copy[i + 1])
            take_entry(i < size / 2 ? &what : &more, &needs, (unsigned char)copy[i], copy + i + 1);
    require(learn_text(&what, NULL, &text, &n) == 0);
    check(&what, &text, true, &before);
    check_trees(&needs);
    require(learn_text(&more, &text, &wider, &n) == 0);
    struct strv *old[] = { &what.reads, &what.runs, &what.imports, &what.hides, &what.hosts };
    struct strv *new[] = { &more.reads, &more.runs, &more.imports, &more.hides, &more.hosts };
    for (size_t l = 0; l < ELEMENTSOF(old); l++)
        for (size_t i = 0; i < old[l]->n; i++)
            add(new[l], old[l]->v[i]);
    check(&more, &wider, false, &after);
    for (size_t i = 0; i < before.n; i++) /* but for the scalars, which were widened */
        require(strv_has(&after, before.v[i]) || strncmp(before.v[i], "files.home=", 11) == 0 ||
                strncmp(before.v[i], "network.mode=", 13) == 0);
    strv_free(&before);
    strv_free(&after);
    buf_free(&text);
    buf_free(&wider);
    free_lists(&what);
    free_lists(&more);
    needs_free(&needs);
    free(copy);
    return 0;
}
