/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/policy.h"

#include <stdlib.h>

#include "profile/arena.h"

void policy_free(struct policy *p)
{
    free(p->grants);
    free(p->env);
    free(p->run_rules);
    free(p->imports);
    free(p->git_repos);
    strv_free(&p->own_paths);
    strv_free(&p->path_dirs);
    strv_free(&p->notes);
    arena_free(p->arena);
    *p = (struct policy){ 0 };
}
