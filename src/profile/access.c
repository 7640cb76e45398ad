/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/access.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

/* Does an operation of the command line let the host's file be written, wherever it shows it? */
static bool asked_writes(const struct policy *policy, const char *path)
{
    for (size_t i = 0; i < policy->n_asked; i++)
        for (size_t k = 0; k < policy->asked[i].n_sources; k++)
            if (policy->asked[i].sources[k].kind == GRANT_WRITE && path_within(path, policy->asked[i].sources[k].path))
                return true;
    return false;
}

struct access policy_access(const struct policy *policy, const char *path)
{
    const struct grant *view = NULL;
    size_t view_len = 0, exec_len = 0;
    bool protected_ = false;
    for (size_t i = 0; i < policy->n_grants; i++) {
        const struct grant *g = &policy->grants[i];
        size_t len = strlen(g->path);
        if (g->kind == GRANT_DEVICE || !path_within(path, g->path))
            continue;
        if (g->kind == GRANT_PROTECT) {
            protected_ = true;
        } else if (g->kind == GRANT_EXEC) {
            exec_len = len > exec_len ? len : exec_len;
        } else if (len >= view_len) {
            view = g;
            view_len = len;
        }
    }

    /* what is hidden or empty between the exec grant and the path takes that right away; exec and scratch of the same path
     * are a scratch directory to run things from */
    bool replaced = view && ((view->kind == GRANT_HIDE && view_len >= exec_len) ||
                             (view->kind == GRANT_SCRATCH && view_len > exec_len));
    struct access a = { .exec = exec_len && !replaced, .grant = view };
    a.visible = (view && view->kind != GRANT_HIDE) || a.exec;
    a.host_write = ((view && view->kind == GRANT_WRITE) || asked_writes(policy, path)) && !protected_;
    return a;
}

bool policy_payload_writes(const struct policy *policy, const char *path)
{
    char real[PATH_MAX];
    if (policy_access(policy, path).host_write)
        return true;
    for (size_t i = 0; i < policy->n_grants; i++) {
        const struct grant *g = &policy->grants[i];
        if (g->kind == GRANT_WRITE && !path_within(path, g->path) && realpath(g->path, real) && path_within(path, real))
            return true;
    }
    return false;
}
