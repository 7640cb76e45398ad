/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/option_elsewhere.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
    const char *name, *instead;
} table[] = {
    { "add-seccomp-fd", "write --filter=NAME" },
    { "args", NULL },
    { "argv0", "a command is called by the name that it is found by; leave it out" },
    { "as-pid-1", "process 1 is always agentjail's; leave it out" },
    { "assert-userns-disabled", "that is so without --nested=allow; leave it out" },
    { "block-fd", NULL },
    { "cap-add", "a command never has a capability" },
    { "cap-drop", "a command never has a capability; leave it out" },
    { "clearenv", "no variable passes that is not named; leave it out" },
    { "dev", "every jail has a /dev of its own; leave it out (nodes of the host's: --device=PATH)" },
    { "disable-userns", "that is so without --nested=allow; leave it out" },
    { "exec-label", "write --label=LABEL" },
    { "file-label", NULL },
    { "gid", "the command has your user and group; leave it out" },
    { "hostname", "the command has the host's name, and cannot change it; leave it out" },
    { "info-fd", "agentjail --list --json tells of jails" },
    { "json-status-fd", "agentjail --list --json tells of jails" },
    { "level-prefix", NULL },
    { "lock-file", NULL },
    { "new-session", "every jail is a session of its own; leave it out" },
    { "pidns", NULL },
    { "proc", "every jail has a /proc of its own; leave it out" },
    { "seccomp", "write --filter=NAME" },
    { "setenv", "write --env=VAR=VALUE" },
    { "share-net", "write --network=host" },
    { "sync-fd", NULL },
    { "uid", "the command has your user and group; leave it out" },
    { "unsetenv", "write --env=-VAR" },
    { "unshare-all", "every jail has all namespaces of its own; leave it out (no network: --network=none)" },
    { "unshare-cgroup", "every jail has all namespaces of its own; leave it out" },
    { "unshare-cgroup-try", "every jail has all namespaces of its own; leave it out" },
    { "unshare-ipc", "every jail has all namespaces of its own; leave it out" },
    { "unshare-net", "write --network=none" },
    { "unshare-pid", "every jail has all namespaces of its own; leave it out" },
    { "unshare-user", "every jail has all namespaces of its own; leave it out" },
    { "unshare-user-try", "every jail has all namespaces of its own; leave it out" },
    { "unshare-uts", "every jail has all namespaces of its own; leave it out" },
    { "userns", NULL },
    { "userns-block-fd", NULL },
    { "userns2", NULL },
};

const char *option_elsewhere(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].instead ? table[i].instead : "it is for programs that build sandboxes out of parts";
    return NULL;
}
