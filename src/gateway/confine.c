/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gateway/confine.h"

#include <sys/syscall.h>

#include "base/cleanup.h"
#include "lockdown/network_process.h"

static const int calls[] = {
#define CALL(name) SYS_##name,
#include "gateway/calls.def"
#undef CALL
#ifdef AGENTJAIL_SANITIZED
    SYS_rt_sigprocmask, SYS_sigaltstack, SYS_futex, SYS_gettid, SYS_openat, SYS_readlink, SYS_prctl, SYS_mprotect, SYS_getpid,
    SYS_sched_yield, SYS_clone, SYS_read, SYS_newfstatat, SYS_fstat, SYS_rt_sigaction, SYS_rt_sigreturn,
#endif
};

int gateway_confine(const uint16_t *ports, size_t n_ports, const char **ret_what)
{
    return network_process_confine(calls, ELEMENTSOF(calls), ports, n_ports, ret_what);
}
