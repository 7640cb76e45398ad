/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

void packet_begin(struct packet *k, struct asker *a, enum observed_kind kind)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memset(&k->head, 0, sizeof(k->head));
    k->head.kind = (uint8_t)kind;
    k->head.error = k->head.mode = -1;
    k->head.time_ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
    k->len = 0;
    if (!a)
        return;
    pid_t process = guard_asker_process(a);
    k->head.pid = process > 0 ? (uint32_t)process : a->call->pid;
}

static bool has_room(const struct packet *k, size_t len)
{
    return len <= sizeof(k->data) - k->len;
}

void packet_add(struct packet *k, enum observed_text which, const char *text)
{
    size_t len = strlen(text) + 1;
    if (len > OBSERVED_NAME_MAX || !has_room(k, len))
        return;
    memcpy(k->data + k->len, text, len);
    k->head.lengths[which] = (uint32_t)len;
    k->len += len;
}

void packet_add_link(struct packet *k, enum observed_text which, const struct guard *g, pid_t pid, const char *name)
{
    char entry[32], path[PATH_MAX];
    snprintf(entry, sizeof(entry), "%d/%s", pid, name);
    ssize_t n = readlinkat(g->proc, entry, path, sizeof(path) - 1);
    if (n <= 0)
        return;
    path[n] = '\0';
    packet_add(k, which, path);
}

/* One more word. False: it has no room, and what was there before stays. */
static bool add_word(struct packet *k, const char *word, size_t len)
{
    uint32_t *used = &k->head.lengths[OBSERVED_ARGV];
    if (len + 1 > OBSERVED_ARGV_MAX - *used || !has_room(k, len + 1)) {
        k->head.cut = 1;
        return false;
    }
    memcpy(k->data + k->len, word, len);
    k->data[k->len + len] = '\0';
    k->len += len + 1;
    *used += (uint32_t)len + 1;
    return true;
}

/* As many of the words' addresses as can be read: the list may end right before memory that is not there. */
static size_t read_addresses(const struct asker *a, uint64_t address, uint64_t *ret_at, size_t max)
{
    for (; max; max /= 2) {
        struct iovec here = { ret_at, max * sizeof(*ret_at) }, there = { (void *)(uintptr_t)address, max * sizeof(*ret_at) };
        ssize_t got = process_vm_readv((pid_t)a->call->pid, &here, 1, &there, 1, 0);
        if (got > 0)
            return (size_t)got / sizeof(*ret_at);
    }
    return 0;
}

void packet_add_argv(struct packet *k, const struct asker *a, uint64_t address)
{
    uint64_t at[OBSERVED_WORDS_MAX];
    char word[PATH_MAX];
    size_t n = read_addresses(a, address, at, OBSERVED_WORDS_MAX), i;
    for (i = 0; i < n && at[i]; i++) {
        ssize_t len = guard_asker_string(a, at[i], word);
        if (len == -ENAMETOOLONG) {
            len = sizeof(word) - 1;
            k->head.cut = 1;
        }
        if (!add_word(k, word, len < 0 ? 0 : (size_t)len))
            return;
    }
    k->head.cut |= i == OBSERVED_WORDS_MAX;
}

void packet_add_own_argv(struct packet *k, char *const *argv)
{
    for (size_t i = 0; argv[i]; i++) {
        size_t len = strlen(argv[i]);
        bool whole = len < PATH_MAX && i < OBSERVED_WORDS_MAX;
        if (!whole)
            k->head.cut = 1;
        if (i == OBSERVED_WORDS_MAX || !add_word(k, argv[i], len < PATH_MAX ? len : PATH_MAX - 1))
            return;
    }
}

const char *packet_text(const struct packet *k, enum observed_text which)
{
    const char *text = k->data;
    for (int i = 0; i < (int)which; i++)
        text += k->head.lengths[i];
    return k->head.lengths[which] ? text : NULL;
}
