/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/label_probe.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "host/host_probe.h"
#include "lockdown/label.h"
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

int label_probe(const struct policy *policy, enum label_kind *ret_kind, struct buf *why)
{
    const struct fence *fence = &policy->label;
    *ret_kind = LABEL_NONE;
    if (!fence->value)
        return 0;

    const char *problem = NULL;
    enum label_kind kind = LABEL_NONE;
    if (strlen(fence->value) > LABEL_MAX / 2 || strpbrk(fence->value, " \t\n"))
        problem = "is not a label: write the name of an AppArmor profile or an SELinux context, without blanks";
    else if (selinux_form(fence->value) && host_selinux())
        kind = LABEL_SELINUX;
    else if (!host_apparmor())
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
