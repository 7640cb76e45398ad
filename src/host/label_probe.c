/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/label_probe.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/host_probe.h"
#include "sys/selinux_context.h"
#include "lockdown/label.h"
#include "profile/arena.h"
#include "profile/origin.h"

/* user:role:type[:range] */
static bool selinux_form(const char *label)
{
    const char *colon = strchr(label, ':');
    return colon && colon != label && strchr(colon + 1, ':');
}

static void refuse(const struct fence *fence, const char *problem, struct buf *why)
{
    origin_print(why, &fence->origin, "label");
    buf_printf(why, "%s %s", fence->value, problem);
    if (!host_apparmor() && !host_selinux())
        buf_printf(why, "; %s", host_apparmor_fix(host_apparmor_built()));
    if (!fence->optional)
        origin_advise(why, &fence->origin, &fence->required, "label", fence->value);
}

/* NULL, or what is wrong with it. A policy that does not answer is asked again by the payload, who takes the label. */
static const char *find_context(struct policy *policy)
{
    _cleanup_free_ char *found = NULL;
    int r = selinux_context_find(policy->label.value, &found);
    if (r == -EINVAL)
        return "is not a context of the SELinux policy that this kernel has loaded (user, role, type and range must be, and go "
               "together)";
    if (r < 0)
        return NULL;
    char *kept = arena_strdup(policy->arena, found);
    if (!kept)
        return "cannot be kept: out of memory";
    policy->label.value = kept;
    return NULL;
}

int label_probe(struct policy *policy, enum label_kind *ret_kind, struct buf *why)
{
    const struct fence *fence = &policy->label;
    *ret_kind = LABEL_NONE;
    if (!fence->value)
        return 0;

    const char *problem = NULL;
    enum label_kind kind = LABEL_NONE;
    if (strlen(fence->value) > LABEL_MAX / 2 || strpbrk(fence->value, " \t\n"))
        problem = "is not a label: write the name of an AppArmor profile or an SELinux context, without blanks";
    else if (selinux_form(fence->value) && host_selinux()) {
        kind = LABEL_SELINUX;
        problem = find_context(policy);
    } else if (!host_apparmor())
        problem = host_selinux() ? "is not an SELinux context (user:role:type:range), and this kernel runs no AppArmor"
                                 : "cannot be had: this kernel runs neither AppArmor nor SELinux";
    else {
        kind = LABEL_APPARMOR;
        int loaded = host_apparmor_profile(fence->value);
        if (loaded == 0)
            problem = "is not loaded; run `sudo apparmor_parser -r /etc/apparmor.d/agentjail-payload` or load your own";
        else if (loaded == -EPERM)
            problem = "is loaded but not enforced; run `sudo aa-enforce` on it";
    }

    if (problem) {
        refuse(fence, problem, why);
        return fence->optional ? 0 : -EOPNOTSUPP;
    }
    *ret_kind = kind;
    return 0;
}
