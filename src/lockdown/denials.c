/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. Of two filters' answers the kernel takes the strictest, and an error is stricter than to wait for init:
 * what one filter denies, another cannot have told. So the two are joined to one program:
 *
 *   the payload's filter   its ALLOW is a jump to the guard's filter, its LOG one to a second copy of that whose ALLOW is LOG;
 *                          its ERRNO, where it is told, a jump to the tail of that error. KILL, ENOSYS and EINVAL stay.
 *   a tail for each error  USER_NOTIF; for the payload's own last steps the error, or ALLOW.
 *   the guard's filter     as it is.
 *
 * Only what was denied before waits for init, so nothing that is allowed takes longer, and calls that are allowed whatever
 * their arguments stay known to the kernel as such. Init never lets such a call go on: it answers with an error, or ends, when
 * the kernel answers ENOSYS. */
#include "lockdown/denials.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fence_switch.h"
#include "filter/filter.h"
#include "ipc/start.h"

enum { ERRORS_MAX = 16, TAIL = 15 };

struct denials denials_of(const struct jail_start *start)
{
    struct denials d = { .code = NULL };
    if (start->filter && start->filter->n && fence_on(FENCE_SECCOMP))
        d = (struct denials){ .code = start->filter->code, .n = start->filter->n };
    return d;
}

static bool is_told(uint32_t action)
{
    uint32_t error = action & SECCOMP_RET_DATA;
    return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && error && error != ENOSYS && error != EINVAL;
}

/* --- init's part --- */

/* A filter was checked to be of these few operations, with jumps forward and inside (filter/program.c): it ends. */
static uint32_t run(const struct denials *d, const struct seccomp_data *call, int *ret_argument, uint32_t *ret_value)
{
    enum { ARGUMENTS = offsetof(struct seccomp_data, args) };
    uint32_t word = 0;
    for (size_t at = 0; at < d->n; at++) {
        const struct sock_filter *i = &d->code[at];
        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&word, (const char *)call + i->k, sizeof(word));
            *ret_argument = i->k >= ARGUMENTS ? (int)((i->k - ARGUMENTS) / sizeof(call->args[0])) : -1;
            *ret_value = word;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            *ret_value = word &= i->k;
            break;
        case BPF_JMP | BPF_JA:
            at += i->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += word == i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += word >= i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            at += word > i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            at += word & i->k ? i->jt : i->jf;
            break;
        case BPF_RET | BPF_K:
            return i->k;
        default:
            return SECCOMP_RET_ERRNO | EPERM;
        }
    }
    return SECCOMP_RET_ERRNO | EPERM;
}

bool denials_judge(const struct denials *d, const struct seccomp_data *call, struct denial *ret)
{
    struct denial denial = { .argument = -1 };
    uint32_t action = d->code ? run(d, call, &denial.argument, &denial.value) : SECCOMP_RET_ALLOW;
    if (!is_told(action))
        return false;
    denial.error = (int)(action & SECCOMP_RET_DATA);
    *ret = denial;
    return true;
}

/* --- the payload's part --- */

#define LOAD(field) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field)))
/* Half a register, which the machine has the lower one of first. */
#define LOAD_HALF(field, half) \
    ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, field) + 4 * (half))))
#define IF_EQUAL(k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(k), (yes), (no)))
#define RETURN(what) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (what)))
#define GO_ON(distance) ((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (unsigned)(distance)))

static void put_tail(uint32_t action, const uint64_t first[2], struct sock_filter *ret_code)
{
    const struct sock_filter tail[TAIL] = {
        LOAD(nr),
        IF_EQUAL(SYS_execve, 11, 0),
        IF_EQUAL(SYS_execveat, 10, 0),
        IF_EQUAL(SYS_sendmsg, 0, 8),
        LOAD_HALF(args[3], 0),
        IF_EQUAL((uint32_t)first[0], 0, 6),
        LOAD_HALF(args[3], 1),
        IF_EQUAL(first[0] >> 32, 0, 4),
        LOAD_HALF(args[4], 0),
        IF_EQUAL((uint32_t)first[1], 0, 2),
        LOAD_HALF(args[4], 1),
        IF_EQUAL(first[1] >> 32, 2, 0),
        RETURN(SECCOMP_RET_USER_NOTIF),
        RETURN(action),
        RETURN(SECCOMP_RET_ALLOW),
    };
    memcpy(ret_code, tail, sizeof(tail));
}

/* Each action that is told once. -E2BIG: more than there are tails for. */
static int collect_actions(const struct denials *d, uint32_t *ret_actions, size_t *ret_n, bool *ret_logs)
{
    *ret_n = 0;
    *ret_logs = false;
    for (size_t i = 0; i < d->n; i++) {
        size_t known = 0;
        uint32_t action = d->code[i].k;
        if (d->code[i].code != (BPF_RET | BPF_K))
            continue;
        *ret_logs = *ret_logs || action == SECCOMP_RET_LOG;
        while (known < *ret_n && ret_actions[known] != action)
            known++;
        if (known < *ret_n || !is_told(action))
            continue;
        if (known == ERRORS_MAX)
            return -E2BIG;
        ret_actions[(*ret_n)++] = action;
    }
    return 0;
}

size_t denials_join(const struct denials *d, const struct sock_filter *guard, size_t n, const uint64_t first[2],
                    struct sock_filter *ret_code, size_t size)
{
    uint32_t actions[ERRORS_MAX];
    size_t n_actions;
    bool logs;
    if (collect_actions(d, actions, &n_actions, &logs) < 0)
        return 0;
    size_t tails = d->n, allowed = tails + n_actions * TAIL, logged = allowed + n, end = logged + (logs ? n : 0);
    if (end > size)
        return 0;
    for (size_t i = 0; i < d->n; i++) {
        ret_code[i] = d->code[i];
        if (d->code[i].code != (BPF_RET | BPF_K))
            continue;
        if (d->code[i].k == SECCOMP_RET_ALLOW)
            ret_code[i] = GO_ON(allowed - i - 1);
        else if (d->code[i].k == SECCOMP_RET_LOG)
            ret_code[i] = GO_ON(logged - i - 1);
        for (size_t k = 0; k < n_actions; k++)
            if (d->code[i].k == actions[k])
                ret_code[i] = GO_ON(tails + k * TAIL - i - 1);
    }
    for (size_t k = 0; k < n_actions; k++)
        put_tail(actions[k], first, ret_code + tails + k * TAIL);
    memcpy(ret_code + allowed, guard, n * sizeof(*guard));
    for (size_t i = 0; logs && i < n; i++) {
        bool allows = guard[i].code == (BPF_RET | BPF_K) && guard[i].k == SECCOMP_RET_ALLOW;
        ret_code[logged + i] = allows ? RETURN(SECCOMP_RET_LOG) : guard[i];
    }
    return end;
}
