/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "profile/ceiling.h"
#include "profile/ceiling_files.h"
#include "profile/load.h"
#include "profile/option.h"

static int check(struct merge *m)
{
    for (size_t i = 0; i < m->ceilings.n; i++) {
        const struct setting *s = &m->ceilings.v[i];
        if (s->option != &options[OPTION_BWRAP] || strcmp(s->value ? s->value : "", "allow") == 0)
            continue;
        if (s->value && strcmp(s->value, "deny") == 0)
            return buf_printf(m->why, "%s:%u: bwrap = deny: the administrator does not let agentjail stand in for "
                              "bubblewrap; use a profile: agentjail COMMAND", s->origin.file, s->origin.line) < 0
                       ? -ENOMEM
                       : -EPERM;
        return setting_fail(s, m->why, "\"%s\" is none of its values; write allow or deny", s->value ? s->value : "");
    }
    return 0;
}

bool ceiling_files(void)
{
    _cleanup_closedir_ DIR *dir = opendir(SYSCONFDIR "/agentjail/policy.d");
    if (!dir)
        return errno != ENOENT;
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(dir);
    } while (entry && entry->d_name[0] == '.');
    return entry || errno;
}

int ceiling_check_bwrap(struct buf *why)
{
    if (!ceiling_files()) /* whoever owns that directory: in a user namespace root's seems to be nobody's */
        return 0;
    struct policy policy = { 0 };
    struct policy_host host;
    struct arena *arena = arena_new();
    if (!arena)
        return -ENOMEM;
    struct merge m = { .policy = &policy, .arena = arena, .host = &host, .why = why };
    struct load l = LOAD_EMPTY;
    l.m = &m;
    int r = host_load(&host);
    if (r >= 0)
        r = load_ceilings(&l);
    if (r >= 0)
        r = check(&m);
    settings_free(&m.ceilings);
    free(m.sources);
    arena_free(arena);
    return r;
}
