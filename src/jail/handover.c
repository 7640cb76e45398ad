/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jail/handover.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "filter/filter.h"
#include "plan/plan.h"
#include "profile/policy.h"

#define REGION_SIZE (64UL << 20) /* only what is written takes memory; arguments and environment may be 6 MiB */
#define ALIGNMENT 16

int handover_open(struct handover *h)
{
    void *base = mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return -errno;
    *h = (struct handover){ .base = base, .size = REGION_SIZE };
    return 0;
}

void handover_close(struct handover *h)
{
    if (h->base)
        munmap(h->base, h->size);
    *h = (struct handover){ 0 };
}

/* What the region begins with; the copy follows. */
struct head {
    atomic_bool ready;
};
#define START_AT 16
_Static_assert(sizeof(struct head) <= START_AT && START_AT % ALIGNMENT == 0, "START_AT");

bool handover_ready(const struct handover *h)
{
    struct head *head = (struct head *)(void *)h->base;
    return atomic_load_explicit(&head->ready, memory_order_acquire);
}

const struct jail_start *handover_get(const struct handover *h)
{
    return (const struct jail_start *)(const void *)(h->base + START_AT);
}

/* Room for len bytes, or NULL when the region is full. */
static void *room(struct handover *h, size_t len)
{
    size_t at = (h->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (len > h->size || at > h->size - len) {
        h->used = h->size; /* nothing more fits: handover_put() sees it at its end */
        return NULL;
    }
    h->used = at + len;
    return h->base + at;
}

static void *put(struct handover *h, const void *data, size_t len)
{
    void *copy = room(h, len ? len : 1);
    if (copy && len)
        memcpy(copy, data, len);
    return copy;
}

/* Replace *field, a string or NULL, by its copy; a full region shows in h->used. */
static void put_string(struct handover *h, char **field)
{
    if (*field)
        *field = put(h, *field, strlen(*field) + 1);
}

static void put_const(struct handover *h, const char **field)
{
    if (*field)
        *field = put(h, *field, strlen(*field) + 1);
}

static char *const *put_list(struct handover *h, char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    char **copy = room(h, (n + 1) * sizeof(*copy));
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = list[i];
        put_string(h, &copy[i]);
    }
    if (copy)
        copy[n] = NULL;
    return copy;
}

static struct plan *put_plan(struct handover *h, const struct plan *plan)
{
    struct plan *copy = put(h, plan, sizeof(*plan));
    struct op *ops = put(h, plan->ops, plan->n * sizeof(*ops));
    if (!copy || !ops)
        return NULL;
    *copy = (struct plan){ .ops = ops, .n = plan->n };
    for (size_t i = 0; i < plan->n; i++) {
        put_string(h, &ops[i].source);
        put_string(h, &ops[i].target);
        put_const(h, &ops[i].origin.file);
        if (ops[i].data) {
            char *data = room(h, ops[i].data_len + 1);
            if (data) {
                memcpy(data, ops[i].data, ops[i].data_len);
                data[ops[i].data_len] = '\0';
            }
            ops[i].data = data;
        }
    }
    return copy;
}

/* What the jail looks at of the policy: its numbers, the label, the ports that are published. Everything else stays with
 * the monitor. */
static struct policy *put_policy(struct handover *h, const struct policy *policy)
{
    struct policy few = {
        .network = policy->network,
        .loopback = policy->loopback,
        .nested = policy->nested,
        .no_spawn = policy->no_spawn,
        .strict = policy->strict,
        .label = { .value = policy->label.value, .optional = policy->label.optional },
        .processes = { .value = policy->processes.value, .set = policy->processes.set,
                       .optional = policy->processes.optional },
    };
    put_string(h, &few.label.value);
    if (policy->n_published) {
        few.published = put(h, policy->published, policy->n_published * sizeof(*few.published));
        few.n_published = few.published ? policy->n_published : 0;
    }
    return put(h, &few, sizeof(few));
}

static struct filter_program *put_filter(struct handover *h, const struct filter_program *filter)
{
    struct filter_program few = { .n = filter->n };
    few.code = put(h, filter->code, filter->n * sizeof(*filter->code));
    return few.code ? put(h, &few, sizeof(few)) : NULL;
}

static struct microvm_start *put_microvm(struct handover *h, const struct microvm_start *microvm)
{
    struct microvm_start few = { .vmm = put_list(h, microvm->vmm), .server = put_list(h, microvm->server) };
    return few.vmm && few.server ? put(h, &few, sizeof(few)) : NULL;
}

int handover_put(struct handover *h, const struct jail_start *start)
{
    h->used = START_AT;
    struct jail_start *copy = put(h, start, sizeof(*start)); /* first: handover_get() expects it there */
    if (!copy)
        return -E2BIG;
    copy->policy = put_policy(h, start->policy);
    copy->plan = put_plan(h, start->plan);
    copy->filter = put_filter(h, start->filter);
    copy->argv = put_list(h, start->argv);
    copy->env = put_list(h, start->env);
    copy->microvm = start->microvm ? put_microvm(h, start->microvm) : NULL;
    if (copy->guarded)
        copy->guarded = put_list(h, copy->guarded);
    put_const(h, &copy->directory);
    put_const(h, &copy->path);

    char *end = room(h, ALIGNMENT); /* NULL if anything above did not fit */
    bool whole = end && copy->policy && copy->plan && copy->filter && copy->argv && copy->env && copy->directory &&
                 (copy->guarded || !start->guarded) && (copy->microvm || !start->microvm);
    if (!whole)
        return -E2BIG;
    atomic_store_explicit(&((struct head *)(void *)h->base)->ready, true, memory_order_release);
    return 0;
}
