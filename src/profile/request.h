/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, taken apart by the option table. */
#ifndef AGENTJAIL_PROFILE_REQUEST_H
#define AGENTJAIL_PROFILE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "profile/option.h"
#include "profile/policy.h"

/* Where configuration is found, and whose. Tests make their own. */
struct policy_host {
    const char *system_dir;  /* /etc/agentjail */
    const char *package_dir; /* directory of the packaged profiles */
    const char *filter_dir;  /* directory of the packaged filters */
    bool uninstalled;        /* package_dir is a source tree, as trustworthy as the binary in it */
    char *const *env;
    const char *cwd; /* NULL: getcwd(3) */
    uid_t uid;
    const char *account_home; /* the user's home in the passwd database; NULL: look it up */
};

struct request_option {
    const struct option *option;
    const char *value; /* NULL: none given */
    char *const *more; /* the second value and the third, of options that take so many; else NULL */
};

struct policy_request {
    enum mode mode;
    struct request_option *options; /* in order, without modes and what is below */
    size_t n_options;
    const char *subject; /* the mode's argument, NULL for modes that have none */
    const char *profile; /* --profile, or NULL */
    bool json, all_users;
    bool quiet;
    unsigned verbose;
    bool import_credentials;
    const char *chdir;           /* --chdir, or NULL */
    bool die_with_parent;
    bool summarise;              /* --summary, */
    const char *summary;         /* and where to; NULL: the standard error output, of a log the standard output */
    const char *learn;           /* --learn: the profile to be, or NULL */
    int command_index;              /* of COMMAND in argv; argc if there is none */
    char **command;                 /* argv + command_index, NULL-terminated; command[0] NULL: none */
    const struct policy_host *host; /* NULL: this host */
};

/* Take the command line apart. Strings stay in argv. Options end at "--" or at the first word that is none; a missing
 * COMMAND is an error in the modes that need one. 0, or -EINVAL with a line for people in why. */
int request_parse(int argc, char **argv, struct policy_request *ret, struct buf *why);

/* Release what the request holds. */
void request_free(struct policy_request *request);

#endif
