/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/merge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/policy.h"

int merge_note(struct merge *m, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    return n < 0 ? -ENOMEM : strv_take(&m->policy->notes, text);
}

int merge_grant(struct merge *m, enum grant_kind kind, char *path, bool optional, struct origin origin,
                const struct setting *setting)
{
    struct policy *p = m->policy;
    if (p->n_grants == m->grants_size) {
        size_t size = m->grants_size ? m->grants_size * 2 : 64;
        struct grant *grants = reallocarray(p->grants, size, sizeof(*grants));
        if (grants)
            p->grants = grants;
        const struct setting **settings = grants ? reallocarray(m->grant_settings, size, sizeof(*settings)) : NULL;
        if (!settings)
            return -ENOMEM;
        m->grant_settings = settings;
        m->grants_size = size;
    }
    m->grant_settings[p->n_grants] = setting;
    p->grants[p->n_grants++] = (struct grant){ .kind = kind, .path = path, .optional = optional, .origin = origin };
    return 0;
}

void merge_drop_grant(struct merge *m, size_t i)
{
    struct policy *p = m->policy;
    size_t behind = p->n_grants - i - 1;
    memmove(&p->grants[i], &p->grants[i + 1], behind * sizeof(*p->grants));
    memmove(&m->grant_settings[i], &m->grant_settings[i + 1], behind * sizeof(*m->grant_settings));
    p->n_grants--;
}

int merge_defaults(struct merge *m)
{
    struct policy *p = m->policy;
    p->loopback = true;
    p->gateway_lost = GATEWAY_LOST_CONTINUE;
    p->evidence_level = EVIDENCE_OFF;
    p->evidence_sink = EVIDENCE_AUTO;
    p->evidence_full = EVIDENCE_DROP;
    p->alert_action = ALERT_TELL;
    p->filter = (struct fence){ .value = arena_strdup(m->arena, "default") };
    p->landlock = (struct fence){ .value = arena_strdup(m->arena, "on"), .optional = true };
    return p->filter.value && p->landlock.value ? 0 : -ENOMEM;
}
