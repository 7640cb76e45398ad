/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy: what a profile, its includes, the ceilings and the command line come to. Made once by policy_load() in
 * the monitor, read-only from then on, and the only thing about configuration that other folders see. */
#ifndef AGENTJAIL_PROFILE_POLICY_H
#define AGENTJAIL_PROFILE_POLICY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/strv.h"

/* Where a value was written. file is owned by the policy; NULL means agentjail's built-in default, and line 0 with
 * file "command line" an option. */
struct origin {
    const char *file;
    unsigned line;
};

/* As line: file is no file but says in words why agentjail itself added the value ("closure of claude: interpreter"). */
#define ORIGIN_REASON UINT_MAX

enum backend { BACKEND_NAMESPACE, BACKEND_MICROVM, BACKEND_AUTO, BACKEND_MICROVM_OPTIONAL };
/* How a microVM runs. */
enum accel { ACCEL_KVM, ACCEL_TCG };
enum network_mode { NETWORK_NONE, NETWORK_FILTERED, NETWORK_OPEN, NETWORK_HOST }; /* in order of width */
enum dns_mode {
    DNS_SYNTHETIC, /* each name gets an address of its own, which only the gateway knows */
    DNS_REAL,      /* true addresses */
};
enum unknown_mode { UNKNOWN_DENY, UNKNOWN_ASK };                      /* what becomes of a name without a rule */
/* Where the opener for such addresses is inside, under the names that programs look for. */
#define OPENER_DIR "/run/agentjail/open"
#define OPENER_NAME "xdg-open"

enum open_url_mode { OPEN_URL_DENY, OPEN_URL_ASK, OPEN_URL_ALLOW };   /* addresses for the host's browser */
enum bwrap_ceiling { BWRAP_FREE, BWRAP_BOUNDED, BWRAP_DENIED };      /* [ceiling] bwrap (profile/ceiling_bwrap.h) */
enum evidence_level { EVIDENCE_OFF, EVIDENCE_WRITES, EVIDENCE_ALL }; /* of files and programs; the rest is always recorded */
enum evidence_sink { EVIDENCE_AUTO, EVIDENCE_FILE, EVIDENCE_NONE }; /* auto: a file if there is more to tell than its life */
enum evidence_full { EVIDENCE_STOP, EVIDENCE_DROP }; /* records cannot be written: end the payload, or go on and count */
enum alert_action { ALERT_END, ALERT_FREEZE, ALERT_TELL }; /* a threshold was passed: what is done besides recording it */
enum gateway_lost { GATEWAY_LOST_STOP, GATEWAY_LOST_CONTINUE };       /* the gateway died: end the payload, or not */
enum terminal_mode { TERMINAL_SAFE, TERMINAL_FULL };
enum home_kind {
    HOME_TEMPORARY,  /* a tmpfs, gone at the end */
    HOME_PERSISTENT, /* a directory of the profile's own below $XDG_DATA_HOME/agentjail/homes */
    HOME_NONE,       /* an empty read-only directory */
};

enum git_mode {
    GIT_NONE,     /* git is a program like others */
    GIT_IDENTITY, /* the user's name and settings, and configurations that git inside can change */
};

/* A git directory whose configuration the jail gets a copy of. */
struct git_repo {
    char *config; /* the host's file; real path */
};

/* Why a fence or limit may not be missing. */
struct requirement {
    enum { REQUIRED_BY_VALUE, REQUIRED_BY_STRICT, REQUIRED_BY_CEILING } by;
    bool optional;        /* there is a '-' before the value all the same */
    struct origin origin; /* of strict or the ceiling */
};

/* A fence that a value names: the seccomp filter, the label, Landlock. */
struct fence {
    char *value;   /* NULL: not asked for */
    bool optional; /* '-' before the value and not strict: do without it where the host lacks it */
    struct requirement required; /* if not optional */
    struct origin origin;
};

/* A number that limits something. */
struct limit {
    uint64_t value;
    bool set;
    bool optional;
    struct requirement required; /* if not optional */
    struct origin origin;
};

enum grant_kind {
    GRANT_READ,
    GRANT_WRITE,
    GRANT_EXEC,
    GRANT_HIDE,
    GRANT_PROTECT,
    GRANT_SCRATCH, /* an empty private writable directory, gone at the end */
    GRANT_OVERLAY, /* the host's directory, copy on write, changes gone at the end */
    GRANT_DEVICE,  /* a device node below /dev */
    GRANT_SOCKET,  /* a Unix socket of the host's */
};

/* One entry of [files]. path is absolute, expanded, without "." "..", "//" or trailing slash, not yet resolved
 * through symlinks; may hold any byte but NUL. Relative entries of protect and hide were joined to the workspace
 * (dropped if there is none). */
struct grant {
    enum grant_kind kind;
    char *path;
    bool optional; /* leading '-': fine if it does not exist */
    struct origin origin;
};

/* One option of the command line that changes the view, by bubblewrap's name (plan/operations.h), and what it names of the
 * host's: looked up once, so that what is judged is what is shown, or nothing. */
struct asked {
    const char *name;
    const char *values[3];
    bool missing; /* "-try", and there is none: to be left out */
    struct asked_source {
        enum grant_kind kind; /* the grant that it comes to */
        const char *path;     /* real path */
        dev_t dev;
        ino_t ino;
        mode_t type; /* S_IFMT of st_mode */
    } sources[2];
    size_t n_sources;
    struct origin origin; /* the option with its values, in words */
};

/* One entry of [exec] allow or deny: a program, or a directory of them. path as a grant's. */
struct run_rule {
    bool deny;
    bool optional; /* leading '-': fine if it does not exist */
    char *path;
    const char *sha256; /* what it must be, in lower-case hex; NULL: anything */
    dev_t dev;          /* with it, once it was looked at: which file it was, */
    ino_t ino;
    struct timespec changed; /* and as of when */
    bool unhashed;      /* it was not there to be hashed */
    struct origin origin;
};

/* One entry of [env]: value NULL passes the host's variable on; name may end in '*' then. */
struct env_rule {
    char *name;
    char *value;
    struct origin origin;
};

/* One entry of [network] allow or deny; see net_rule.h for what can be written. */
struct net_rule {
    struct net_host host;
    struct net_ports *ports; /* in order, none touching the next of the same scheme */
    size_t n_ports;
    bool sni_optional; /* TLS may do without a server name */
    bool ech_allowed;  /* TLS may hide the name from us behind another (Encrypted ClientHello) */
    bool trusted;      /* the package's or the administrator's */
    char *text;        /* as written */
    struct origin origin;
};

/* A port of the host's loopback that the payload may reach, or one of the payload's that the host may: inside and
 * outside are the port's number in the jail and on the host. */
struct port_grant {
    uint16_t inside, outside;
    struct origin origin;
};

/* The only rules that a file of ceilings lets anybody have; none allow nothing. */
struct net_ceiling {
    struct net_rule *rules;
    size_t n_rules;
    struct origin origin;
};

/* The only ports of the host that a file of ceilings lets anybody listen at. */
struct port_ceiling {
    struct {
        uint16_t first, last;
    } *ranges;
    size_t n;
    struct origin origin;
};

enum upstream_kind { UPSTREAM_NONE, UPSTREAM_HTTP, UPSTREAM_SOCKS5 };

/* The proxy that TCP goes through. */
struct upstream {
    enum upstream_kind kind;
    const char *host; /* canonical name, or an address as ip_format() writes it */
    uint16_t port;
    bool from_env;           /* "env": out of the monitor's environment, also if that named none */
    const char *credentials; /* "user:password" of the environment's address, decoded; NULL: none. Never printed */
    const char *exceptions;  /* NO_PROXY of the environment, or NULL */
    struct origin origin;
};

/* One entry of import or credentials: a file or directory below the user's home, copied to the same place in the
 * profile's own. */
struct import {
    char *path; /* absolute, below the user's home */
    bool optional;
    bool credential;
    struct origin origin;
};

struct policy {
    char *name;        /* profile's name */
    char *description; /* may be NULL */
    struct origin profile_origin;

    enum backend backend;
    enum accel accel;
    char *kernel;  /* the microVM's kernel image; NULL: one of the host's */
    bool microvm;  /* the jail's command runs in a microVM: what backend comes to */
    enum network_mode network;
    enum terminal_mode terminal;
    bool loopback; /* with network none: lo is up inside and TCP works on it */
    bool nested; /* the payload may make namespaces and mounts of its own */
    bool no_spawn; /* the first program is the only one */
    bool strict; /* every optional fence is required */
    struct net_rule *net_allow, *net_deny; /* in the order written; deny wins. Nothing allows nothing */
    size_t n_net_allow, n_net_deny;
    struct net_ceiling *net_ceilings; /* all of them hold, also for what is granted while the jail runs */
    size_t n_net_ceilings;
    struct port_ceiling *publish_ceilings; /* likewise, for ports */
    size_t n_publish_ceilings;
    enum dns_mode dns;
    enum unknown_mode unknown;
    enum open_url_mode open_url;
    enum gateway_lost gateway_lost;
    struct upstream upstream;
    char *upstream_credentials; /* file with "user:password" on its first line, or NULL */
    struct port_grant *host_ports, *published;
    size_t n_host_ports, n_published;
    struct origin dns_origin, unknown_origin, open_url_origin, gateway_lost_origin, upstream_credentials_origin;
    struct fence filter;
    struct fence label;
    struct fence landlock; /* value "on" */
    struct fence guard;    /* value "on": for optional names, too; "off"; NULL: where a name needs it */
    struct origin backend_origin, accel_origin, kernel_origin, network_origin, terminal_origin, nested_origin, strict_origin,
        loopback_origin, no_spawn_origin;

    char *workspace; /* absolute, resolved (realpath); NULL: none */
    struct origin workspace_origin;
    bool workspace_default; /* found, not named */
    char *workspace_note;   /* one line for people why there is none, or NULL; also in notes */

    enum home_kind home;
    char *home_source; /* HOME_PERSISTENT: the directory on the host (may not exist yet) */
    char *home_target; /* $HOME as the payload sees it (the user's home directory's path) */
    struct origin home_origin;
    struct import *imports;
    size_t n_imports;
    bool import_credentials; /* --import-credentials */

    enum git_mode git;
    struct origin git_origin;
    const char *git_dirs[2]; /* without git = identity: git directories of the workspace in it that are not ".git"; or NULL */
    struct git_repo *git_repos;
    size_t n_git_repos;
    const char *git_copies;      /* directory on the host with the copies, N/config for git_repos[N]; set by the monitor */
    const char *git_settings[4]; /* the user's own configuration, weakest first, up to NULL */

    struct grant *grants; /* in the order written */
    size_t n_grants;
    struct run_rule *run_rules; /* [exec], in the order written; one that denies wins. None allows: every program may run */
    size_t n_run_rules;
    struct asked *asked; /* operations of the command line, in order, behind all that the grants come to */
    size_t n_asked;
    struct env_rule *env;
    size_t n_env;

    const char *command_path; /* the file on the host that the command is; NULL: the PATH inside finds it */
    struct strv path_dirs;    /* of the host's PATH: directories to keep for what the command's closure shows of them */

    struct limit memory;    /* bytes */
    struct limit cpu;       /* percent of one CPU */
    struct limit processes; /* tasks */
    struct limit time;      /* ms */

    enum evidence_level evidence_level;
    enum evidence_sink evidence_sink;
    enum evidence_full evidence_full;
    bool learn;                 /* --learn: what it needs is noted, and becomes a profile at the end */
    bool summary;               /* --summary: the record is kept, and told at the end */
    char *evidence_forward;     /* where records go besides: "journal", "syslog", "unix:PATH", "fd:N"; NULL: nowhere */
    struct origin evidence_forward_origin;
    struct limit evidence_keep; /* ms */
    struct limit evidence_size; /* bytes of all logs */
    struct limit evidence_rotate; /* bytes of a part of one */
    struct limit alert_sent;    /* bytes to one host */
    struct limit alert_denied;  /* refusals of the gateway's in a minute */
    enum alert_action alert_action;
    struct origin alert_action_origin;
    struct origin evidence_level_origin, evidence_sink_origin, evidence_full_origin;

    struct strv own_paths; /* agentjail's own directories on this host: masked whatever is granted */
    char *user;            /* login name, "" if unknown */
    char *data_dir;        /* $XDG_DATA_HOME/agentjail; NULL, as the next two, if the user has no home */
    char *state_dir;       /* $XDG_STATE_HOME/agentjail */
    char *cache_dir;       /* $XDG_CACHE_HOME/agentjail */
    char *profiles_dir;    /* the user's profiles: $XDG_CONFIG_HOME/agentjail/profiles; NULL without a home */
    bool ceilings;         /* this host has some */
    enum bwrap_ceiling bwrap; /* what they say of bubblewrap's command line; origin: nobody, the default */
    struct origin bwrap_origin;
    bool fixed;            /* a ceiling fixes the profile: what the user writes beside it counts for nothing */
    char *runtime_dir;     /* $XDG_RUNTIME_DIR/agentjail; its parent may not exist */
    const char *filter_dirs[4]; /* where seccomp filters are looked for, in order, up to NULL */
    struct strv notes;     /* lines for people, to be printed unless quiet */
    const char *const *files; /* every file that was read, up to NULL */
    bool quiet;
    unsigned verbose;

    void *arena; /* the engine's own store of what the fields point to */
};

/* What the command line asks, already taken apart by the option table. */
struct policy_request;

/* Release what p holds. */
void policy_free(struct policy *p);

#endif
