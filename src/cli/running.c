/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/running.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "cli/prepare.h"
#include "cli/text.h"
#include "profile/arena.h"
#include "profile/dirs.h"
#include "registry/registry.h"

static int find(const struct policy_request *request, struct jails *ret, struct buf *why)
{
    struct policy_host host;
    struct dirs dirs;
    struct arena *arena = arena_new();
    int r = arena ? host_load(&host) : -ENOMEM;
    if (r >= 0)
        r = dirs_load(arena, request->host ? request->host : &host, &dirs, why);
    if (r >= 0) {
        const char *runtime = dirs.runtime ? arena_concat(arena, dirs.runtime, "/agentjail", NULL) : NULL;
        const char *state = dirs.state ? arena_concat(arena, dirs.state, "/agentjail", NULL) : NULL;
        r = jails_find(runtime, state, request->all_users, ret);
        if (r < 0)
            (void)buf_printf(why, "running jails cannot be looked for: %s", strerror(-r));
    }
    arena_free(arena);
    return r;
}

int running_find(const struct policy_request *request, struct jails *ret)
{
    _cleanup_buf_ struct buf why = { 0 };
    if (request->all_users && geteuid() != 0) {
        run_say("--all-users: only root may see the jails of others; leave it out, or run it with sudo");
        return 125;
    }
    if (find(request, ret, &why) < 0) {
        run_say(why.data ? why.data : "out of memory");
        return 125;
    }
    return 0;
}

int running_find_one(const struct policy_request *request, struct jails *ret, const struct jail **ret_jail)
{
    _cleanup_buf_ struct buf why = { 0 };
    int status = running_find(request, ret);
    if (status != 0)
        return status;
    *ret_jail = jails_pick(ret, request->subject, &why);
    if (*ret_jail)
        return 0;
    jails_free(ret);
    run_say(why.data ? why.data : "out of memory");
    return 1;
}

int running_processes(const struct jails *list, struct processes *ret)
{
    _cleanup_free_ pid_t *inits = calloc(list->n + 1, sizeof(*inits));
    if (!inits)
        return -ENOMEM;
    for (size_t i = 0; i < list->n; i++)
        inits[i] = list->v[i].init;
    int r = processes_load(ret);
    if (r >= 0)
        processes_assign(ret, inits, list->n);
    return r;
}

/* The number in a file of the jail's control group. */
static bool group_number(const struct jail *jail, const char *file, uint64_t *ret)
{
    _cleanup_buf_ struct buf path = { 0 }, text = { 0 };
    if (jail->cgroup[0] != '/' || strncmp(jail->cgroup, "/sys/fs/cgroup/", strlen("/sys/fs/cgroup/")) != 0 ||
        buf_printf(&path, "%s/%s", jail->cgroup, file) < 0 || buf_read_file(&text, AT_FDCWD, path.data, 64) < 0 || !text.data)
        return false;
    text.data[strcspn(text.data, "\n")] = '\0';
    return parse_u64(text.data, ret) == 0;
}

struct running running_measure(const struct jails *list, size_t i, const struct processes *all)
{
    const struct jail *jail = &list->v[i];
    struct running now = { .state = "running" };
    bool stopped = true;
    for (size_t k = 0; k < all->n; k++) {
        const struct process *p = &all->v[k];
        if (p->root != i || (p->pid == jail->init && !jail->lone))
            continue;
        now.processes++;
        now.memory += p->memory;
        now.cpu_ms += p->cpu * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
        stopped = stopped && (p->state == 'T' || p->state == 't');
    }
    uint64_t exact;
    if (group_number(jail, "memory.current", &exact)) {
        now.memory = exact;
        now.memory_exact = true;
    }
    const struct process *monitor = processes_find(all, jail->monitor);
    if (!processes_find(all, jail->init))
        now.state = "ending";
    else if (jail->state == JAIL_FROZEN)
        now.state = "frozen";
    else if ((now.processes && stopped) || (monitor && monitor->state == 'T'))
        now.state = "stopped";
    return now;
}

void running_sweep(const struct jails *list, bool now)
{
    for (size_t i = 0; i < list->n_dirs; i++) {
        struct registry r = { .dir = list->dirs[i].fd, .entry = -1 };
        if (list->dirs[i].uid == geteuid() && (now || list->dirs[i].left))
            registry_sweep(&r);
    }
}

int running_answer(const struct policy_request *request, struct json *j, int r, int status)
{
    json_end(j);
    if (r >= 0)
        r = json_finish(j);
    if (r >= 0 && !request->json)
        return status;
    int printed = text_print(j->out, r);
    return printed ? printed : status;
}
