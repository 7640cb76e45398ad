/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cure.h"

#include <errno.h>

const char *cure_of_errno(int error)
{
    switch (error) {
    case ENOSYS:
        return "this kernel lacks a call that agentjail needs (Linux 5.14 has all), or a container's filter hides it; see "
               "agentjail --doctor";
    case EPERM:
    case EACCES:
        return "a container's filter, a security module (AppArmor, SELinux) or a sysctl forbids it; see agentjail --doctor";
    case EINVAL:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ENODEV:
        return "this kernel was built without it, or is older than Linux 5.14; see agentjail --doctor";
    case ENOSPC:
    case EUSERS:
        return "a limit of this host is reached: end other jails, or raise it (sysctl: user.max_*_namespaces, "
               "user.max_inotify_*, fs.mount-max)";
    case EMFILE:
        return "too many files are open: raise the limit of one process (ulimit -n)";
    case ENFILE:
        return "the host's table of open files is full: end other programs, or raise it (sysctl fs.file-max)";
    case ENOMEM:
    case ENOBUFS:
        return "this host or the control group around agentjail has no memory left: end other programs, or raise its "
               "memory.max";
    case EAGAIN:
        return "no further process is allowed: end others, or raise the limit (ulimit -u, the control group's pids.max)";
    default:
        return "agentjail --doctor prints what this host offers and lacks";
    }
}
