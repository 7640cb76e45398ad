/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/microvm.h"

#include <errno.h>

#include "profile/option.h"

/* An option whose value cannot be had with a microVM: what is missing and the value that can. */
struct refusal {
    enum option_id id;
    const struct origin *origin;
    const char *text, *instead;
};

static bool names_device(const struct policy *p, const struct origin **ret)
{
    for (size_t i = 0; i < p->n_grants; i++)
        if (p->grants[i].kind == GRANT_DEVICE) {
            *ret = &p->grants[i].origin;
            return true;
        }
    return false;
}

#define UNLESS(condition, option, where, what, value)                                              \
    if (condition) {                                                                               \
        *ret = (struct refusal){ OPTION_##option, (where), "with backend = microvm " what, value }; \
        return true;                                                                               \
    }

static bool find_refusal(const struct policy *p, struct refusal *ret)
{
    const struct origin *device = NULL;
    UNLESS(p->network != NETWORK_NONE, NETWORK, &p->network_origin, "there is no way to a network yet", "none")
    UNLESS(p->n_published, PUBLISH, &p->published[0].origin, "no port can be published yet", "")
    UNLESS(p->n_host_ports, HOST_PORT, &p->host_ports[0].origin, "no port of the host can be reached yet", "")
    UNLESS(p->open_url != OPEN_URL_DENY, OPEN_URL, &p->open_url_origin, "no page can be opened on the host yet", "deny")
    UNLESS(p->nested, NESTED, &p->nested_origin, "nothing is nested yet", "deny")
    UNLESS(p->no_spawn, SPAWN, &p->no_spawn_origin, "nothing holds spawn = no yet", "yes")
    UNLESS(p->n_run_rules && p->run_rules[0].deny, EXEC_DENY, &p->run_rules[0].origin,
           "nothing keeps programs from being run yet", "")
    UNLESS(p->n_run_rules, EXEC_ALLOW, &p->run_rules[0].origin, "nothing holds a list of programs yet", "")
    UNLESS(p->landlock.value && !p->landlock.optional, LANDLOCK, &p->landlock.origin,
           "the file server is in no Landlock domain yet", "-on")
    UNLESS(p->label.value && !p->label.optional, LABEL, &p->label.origin, "no label is put on it yet", "")
    UNLESS(names_device(p, &device), DEVICE, device, "there are no devices of the host yet", "")
    return false;
}

/* Why there is no microVM whatever else is written; NULL: there is one. */
static const char *find_lack(const struct policy *p)
{
    if (p->backend == BACKEND_AUTO)
        return "nothing chooses between microVM and namespaces yet";
    if (p->accel != ACCEL_TCG)
        return "whether KVM truly works here is not probed yet, and an emulated microVM, which is slow, is made only with "
               "accel = tcg";
    return NULL;
}

static int refuse(const struct merge *m, const struct refusal *refusal)
{
    const struct option *o = &options[refusal->id];
    const struct origin *origin = refusal->origin;
    if (origin->line)
        (void)buf_printf(m->why, "%s:%u: %s: %s; write %s = %s", origin->file, origin->line, o->key, refusal->text, o->key,
                         refusal->instead);
    else
        (void)buf_printf(m->why, "--%s: %s; write --%s=%s", o->name, refusal->text, o->name, refusal->instead);
    return -EOPNOTSUPP;
}

int microvm_check(struct merge *m)
{
    struct policy *p = m->policy;
    struct refusal refusal = { 0 };
    if (p->backend == BACKEND_NAMESPACE)
        return 0;
    const char *lack = find_lack(p);
    if (lack)
        refusal = (struct refusal){ OPTION_BACKEND, &p->backend_origin, lack, "namespace" };
    if (!lack && !find_refusal(p, &refusal)) {
        p->microvm = true;
        return 0;
    }
    if (p->backend != BACKEND_MICROVM_OPTIONAL)
        return refuse(m, &refusal);
    if (!p->strict)
        return merge_note(m, "backend = -microvm: %s, so the jail is made of namespaces", refusal.text);
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_printf(&text, "%s, which strict = yes requires in spite of the '-'", refusal.text);
    refusal = (struct refusal){ OPTION_BACKEND, &p->backend_origin, text.data, "namespace" };
    return r < 0 ? r : refuse(m, &refusal);
}
