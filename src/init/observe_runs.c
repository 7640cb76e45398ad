/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "init/observe_runs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* "" if it cannot be read. */
static void program_of(const struct guard *g, pid_t pid, char ret[static PATH_MAX])
{
    char entry[32];
    snprintf(entry, sizeof(entry), "%d/exe", pid);
    ssize_t n = readlinkat(g->proc, entry, ret, PATH_MAX - 1);
    ret[n > 0 ? n : 0] = '\0';
}

/* Tell it, with what the process runs now, and free the place. Texts come in order: exe is the first, and moves the others. */
static void tell_kept(struct runs *r, struct run_kept *kept, const struct guard *g, run_teller *tell, void *context)
{
    static char exe[PATH_MAX];
    struct packet *k = &kept->packet;
    program_of(g, (pid_t)k->head.pid, exe);
    size_t len = *exe ? strlen(exe) + 1 : 0;
    if (len && len <= sizeof(k->data) - k->len) {
        memmove(k->data + len, k->data, k->len);
        memcpy(k->data, exe, len);
        k->head.lengths[OBSERVED_EXE] = (uint32_t)len;
        k->len += len;
    }
    tell(context, k);
    kept->thread = 0;
    r->n--;
}

struct run_kept *runs_place(struct runs *r, const struct asker *a, run_teller *tell, void *context)
{
    static char now[PATH_MAX];
    struct run_kept *free_one = NULL, *oldest = NULL;
    for (size_t i = 0; i < RUNS_MAX; i++) {
        struct run_kept *kept = &r->kept[i];
        if (kept->thread == a->call->pid) { /* it is back: if it runs what it ran before, nothing came of it */
            program_of(a->guard, (pid_t)a->call->pid, now);
            const char *path = packet_text(&kept->packet, OBSERVED_PATH);
            bool failed = *now && strcmp(now, kept->before) == 0 && path && strcmp(now, path) != 0 && !kept->script;
            if (!failed) {
                tell_kept(r, kept, a->guard, tell, context);
            } else {
                kept->thread = 0;
                r->n--;
            }
        }
        if (!kept->thread)
            free_one = kept;
        else if (!oldest || kept->until < oldest->until)
            oldest = kept;
    }
    if (!free_one) {
        tell_kept(r, oldest, a->guard, tell, context);
        free_one = oldest;
    }
    program_of(a->guard, (pid_t)a->call->pid, free_one->before);
    return free_one;
}

void runs_keep(struct runs *r, const struct asker *a, struct run_kept *kept)
{
    kept->thread = a->call->pid;
    kept->until = now_ms() + RUNS_MS;
    r->n++;
}

/* After an execve(2) of any thread the process has one, which has the process' number. */
void runs_begun(struct runs *r, struct asker *a, run_teller *tell, void *context)
{
    for (size_t i = 0; i < RUNS_MAX && r->n; i++) {
        struct run_kept *kept = &r->kept[i];
        if (!kept->thread || kept->packet.head.pid != a->call->pid || !guard_asker_is_alone(a))
            continue;
        tell_kept(r, kept, a->guard, tell, context);
    }
}

void runs_tick(struct runs *r, const struct guard *g, bool all, run_teller *tell, void *context)
{
    int64_t now = r->n ? now_ms() : 0;
    for (size_t i = 0; i < RUNS_MAX && r->n; i++)
        if (r->kept[i].thread && (all || r->kept[i].until <= now))
            tell_kept(r, &r->kept[i], g, tell, context);
}
