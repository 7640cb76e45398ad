/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scope.so: asks systemd for a transient scope over D-Bus (libsystemd). Loaded by a short-lived child of the
 * monitor, only when limits need it, so that neither the library's pages nor its code stay in the monitor. */
#ifndef AGENTJAIL_MODULES_SCOPE_H
#define AGENTJAIL_MODULES_SCOPE_H

#include <stddef.h>
#include <stdint.h>

/* What the module and the program that loads it must have in common; the number counts changes of this header. */
#define SCOPE_STAMP PACKAGE_VERSION "/scope-1"
#define SCOPE_STAMP_SYMBOL "agentjail_scope_stamp"
#define SCOPE_START_SYMBOL "agentjail_scope_start"

/* A limit that is not asked for. */
#define SCOPE_NO_LIMIT UINT64_MAX

struct scope_request {
    const char *const *addresses; /* D-Bus addresses to try in order, NULL-terminated */
    const char *unit;             /* NAME.scope */
    const char *description;
    uint32_t pid;                 /* goes into the scope */
    uint64_t memory;              /* bytes */
    uint64_t tasks;
    uint64_t cpu_percent;         /* of one CPU */
    uint64_t timeout_usec;        /* for each answer, and for the job */
};

extern const char agentjail_scope_stamp[];

typedef int scope_start_fn(const struct scope_request *request, char *ret_text, size_t size);

/* Make the scope and wait until systemd has put pid into it. 0, or -errno with one line for people in ret_text (size
 * bytes at most, always terminated). See org.freedesktop.systemd1(5), StartTransientUnit and JobRemoved. */
scope_start_fn agentjail_scope_start;

#endif
