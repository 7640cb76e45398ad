/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that lacks something: starts a command under a seccomp filter that answers ENOSYS (or another error) to the
 * calls named. `shim [--errno NAME] WHAT[,WHAT...] COMMAND [ARG...]`; WHAT: see the table. The filter stays on whatever
 * the command starts, as on a kernel that was built so. Needs no_new_privs, which it sets. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "attack.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* Calls with a mask: refused only if argument 0 has one of the bits; with a protocol: only if argument 2 is it. */
static const struct {
    const char *what;
    long call;
    unsigned mask, protocol;
} table[] = {
    {"landlock", SYS_landlock_create_ruleset, 0},
    {"landlock", SYS_landlock_add_rule, 0},
    {"landlock", SYS_landlock_restrict_self, 0},
    {"openat2", SYS_openat2, 0},
    {"clone3", SYS_clone3, 0},
    {"mount_setattr", SYS_mount_setattr, 0},
    {"mount_setattr", SYS_open_tree_attr, 0}, /* newer, and does the same */
    {"open_tree", SYS_open_tree, 0},
    {"open_tree", SYS_open_tree_attr, 0},
    {"move_mount", SYS_move_mount, 0},
    {"fsopen", SYS_fsopen, 0},
    {"pidfd_open", SYS_pidfd_open, 0},
    {"pidfd_send_signal", SYS_pidfd_send_signal, 0},
    {"close_range", SYS_close_range, 0},
    {"statx", SYS_statx, 0},
    {"seccomp", SYS_seccomp, 0},
    {"memfd_create", SYS_memfd_create, 0},
    {"unshare", SYS_unshare, 0},
    {"setns", SYS_setns, 0},
    {"pivot_root", SYS_pivot_root, 0},
    {"signalfd", SYS_signalfd4, 0},
    {"userns", SYS_unshare, CLONE_NEWUSER},
    {"userns", SYS_clone, CLONE_NEWUSER},
    {"userns", SYS_clone3, 0}, /* flags behind a pointer: gone altogether, so that clone is used */
    {"netns", SYS_unshare, CLONE_NEWNET},
    {"netns", SYS_clone, CLONE_NEWNET},
    {"netns", SYS_clone3, 0},
    {"nft", SYS_socket, 0, NETLINK_NETFILTER},
    {"clone", SYS_clone, 0},
    {"clone", SYS_clone3, 0},
    {"mount", SYS_mount, 0},
    {"umount2", SYS_umount2, 0},
    {"fsconfig", SYS_fsconfig, 0},
    {"fsmount", SYS_fsmount, 0},
    {"mknodat", SYS_mknodat, 0},
    {"mkdirat", SYS_mkdirat, 0},
    {"symlinkat", SYS_symlinkat, 0},
    {"socket", SYS_socket, 0},
    {"socketpair", SYS_socketpair, 0},
    {"bind", SYS_bind, 0},
    {"prctl", SYS_prctl, 0},
    {"capset", SYS_capset, 0},
    {"prlimit64", SYS_prlimit64, 0},
    {"epoll_create1", SYS_epoll_create1, 0},
    {"inotify_init1", SYS_inotify_init1, 0},
    {"getrandom", SYS_getrandom, 0},
    {"setpgid", SYS_setpgid, 0},
    {"setsid", SYS_setsid, 0},
    {"chdir", SYS_chdir, 0},
    {"fchdir", SYS_fchdir, 0},
    {"dup3", SYS_dup3, 0},
    {"fstat", SYS_fstat, 0},
    {"fcntl", SYS_fcntl, 0},
    {"sendmsg", SYS_sendmsg, 0},
    {"recvmsg", SYS_recvmsg, 0},
    {"landlock_create_ruleset", SYS_landlock_create_ruleset, 0},
    {"landlock_add_rule", SYS_landlock_add_rule, 0},
    {"landlock_restrict_self", SYS_landlock_restrict_self, 0},
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static int listed(const char *list, const char *what)
{
    size_t n = strlen(what);

    for (const char *p = list; (p = strstr(p, what)); p += n)
        if ((p == list || p[-1] == ',') && (p[n] == '\0' || p[n] == ','))
            return 1;
    return 0;
}

static int error_number(const char *name)
{
    static const struct {
        const char *name;
        int error;
    } names[] = {
        {"EPERM", EPERM}, {"EACCES", EACCES}, {"EINVAL", EINVAL}, {"ENOSPC", ENOSPC}, {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE},
        {"EAGAIN", EAGAIN}, {"EOPNOTSUPP", EOPNOTSUPP}, {"EPROTONOSUPPORT", EPROTONOSUPPORT},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].error;
    return ENOSYS;
}

int main(int argc, char **argv)
{
    struct sock_filter code[1 + 5 * ROWS + 1];
    unsigned short n = 0;
    int error = ENOSYS, at = 1, found = 0;

    if (argc > 3 && strcmp(argv[1], "--errno") == 0) {
        error = error_number(argv[2]);
        at = 3;
    }
    if (argc < at + 2) {
        fprintf(stderr, "usage: shim [--errno NAME] WHAT[,WHAT...] COMMAND [ARG...]\n");
        return BROKEN;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (!listed(argv[at], table[i].what))
            continue;
        found++;
        code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
        /* clone3 for want of a user namespace is ENOSYS, as a container's filter answers it */
        unsigned answer = SECCOMP_RET_ERRNO |
                          (unsigned)(table[i].call == SYS_clone3 ? ENOSYS : error);
        if (table[i].protocol) {
            code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)table[i].call, 0, 3);
            code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]));
            code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, table[i].protocol, 0, 1);
        } else if (!table[i].mask) {
            code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)table[i].call, 0, 1);
        } else {
            code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)table[i].call, 0, 3);
            code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
            code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, table[i].mask, 0, 1);
        }
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
    }
    if (!found) {
        fprintf(stderr, "shim: nothing known in %s\n", argv[at]);
        return BROKEN;
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = n, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return broken("prctl");
    execvp(argv[at + 1], argv + at + 1);
    return broken(argv[at + 1]);
}
