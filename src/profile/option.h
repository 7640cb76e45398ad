/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The option table: what profiles and the command line may say. One row an option, in options.def. */
#ifndef AGENTJAIL_PROFILE_OPTION_H
#define AGENTJAIL_PROFILE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "profile/policy.h"

struct merge;
struct setting;
struct option;

/* What the program is asked to do. */
enum mode {
    MODE_RUN,
    MODE_DRY_RUN,
    MODE_EXPLAIN,
    MODE_DOCTOR,
    MODE_PROFILES,
    MODE_SHOW,
    MODE_CHECK,
    MODE_WHY,
    MODE_LIST,
    MODE_INSPECT,
    MODE_KILL,
    MODE_FREEZE,
    MODE_THAW,
    MODE_CHANGE,
    MODE_LOG,
    MODE_VERIFY,
    MODE_RESET_HOME,
    MODE_VERSION,
    MODE_HELP,
};

enum option_flags {
    OPTION_LIST = 1 << 0,        /* repeating adds, "key =" alone empties */
    OPTION_PATHS = 1 << 1,       /* needs the workspace: applied after it is known */
    OPTION_NO_ARGUMENT = 1 << 2, /* on the command line */
    OPTION_BARE = 1 << 3,        /* the argument may be left out on the command line */
    OPTION_MODE = 1 << 4,        /* chooses the mode */
    OPTION_FRONT = 1 << 5,       /* acts on the request itself: takes no part in merging */
    OPTION_MAIN_FILE = 1 << 6,   /* only in the profile's own file, not in includes and drop-ins */
    OPTION_TWO = 1 << 7,         /* two arguments on the command line, each a word of its own */
    OPTION_THREE = 1 << 8,       /* three */
};

/* How a value in policy.d bounds the others. */
enum ceiling_kind {
    CEILING_REFUSED, /* no meaning there */
    CEILING_ORDER,   /* words in order of width: no wider one */
    CEILING_MAXIMUM, /* numbers: no larger one, and one there must be */
    CEILING_NAMES,   /* one of these names */
    CEILING_TREES,   /* grants only in these trees */
    CEILING_ADDS,    /* added to every policy, cannot be taken off */
    CEILING_RULES,   /* network rules: only what these allow */
    CEILING_PORTS,   /* only these ports of the host */
    CEILING_UPSTREAM, /* only these proxies */
    CEILING_RUN,     /* programs: only these, or never these (run_rules.h) */
    CEILING_OWN,     /* section [ceiling] itself: only in policy.d */
};

/* What the lists of [network] are lists of: values of their rows' places. */
enum { NET_RULE_ALLOW, NET_RULE_DENY };
enum { PORT_HOST, PORT_PUBLISH };

/* What of the host's an operation of the view names with its first value: values of its row's place. */
enum asked_kind {
    ASKED_NOTHING,
    ASKED_READ,
    ASKED_WRITE,
    ASKED_DEVICE,
    ASKED_LAYER,         /* the union to come says what it is */
    ASKED_UNION,         /* of the layers, changes go to the host's: its first two values are to be written */
    ASKED_UNION_COPY,    /* of the layers, changes are gone at the end */
    ASKED_UNION_READ,    /* of the layers, none are made */
    ASKED_KINDS = 0xff,
    ASKED_TRY = 1 << 8,  /* left out where there is no such thing */
    ASKED_FD = 1 << 9,   /* named by a descriptor */
    ASKED_DATA = 1 << 10, /* the first value is a descriptor, whose content counts */
};

/* A word that stands for a value. width orders them: a larger one lets the payload do more. */
struct word {
    const char *name;
    int value;
    int width;
};

/* What kind of value an option takes. */
struct option_type {
    /* Take the setting into the policy. 0 or -errno with a whole message in m->why. */
    int (*set)(struct merge *m, const struct setting *s);
    /* Write the resolved value as a profile would; NULL for lists, which print themselves. */
    int (*show)(const struct policy *policy, const struct option *option, struct buf *out);
    const struct word *words; /* up to name NULL */
    int (*number)(const char *text, uint64_t *ret_value);
    const char *form; /* what to write, for messages */
};

/* Where a value lies in struct policy; for grants, value is the kind; for modes, the mode. */
struct place {
    size_t value;
    size_t origin;
};

struct option {
    const char *section;  /* NULL: command line only */
    const char *key;      /* NULL in [env]: any name */
    const char *name;     /* long option without "--"; NULL: files only */
    char letter;          /* short option or 0 */
    const char *argument; /* its name in --help; NULL: none */
    const struct option_type *type;
    struct place place;
    unsigned flags;
    enum ceiling_kind ceiling;
    const char *help;
};

enum option_id {
#define SECTION(name, title)
#define OPTION(id, ...) OPTION_##id,
#include "profile/options.def"
#undef OPTION
#undef SECTION
    N_OPTIONS
};

struct option_section {
    const char *name;  /* NULL: command line only */
    const char *title; /* NULL: not shown */
    size_t first;      /* its first row of the table */
};

/* Rows in the order of options.def. */
extern const struct option options[N_OPTIONS];
/* Sections in the order of options.def; the last has neither name nor title. */
extern const struct option_section option_sections[];

/* The row of a key; NULL if there is none. */
const struct option *option_by_key(const char *section, const char *key);

/* The row of a long option (len bytes at name); NULL if there is none. */
const struct option *option_by_name(const char *name, size_t len);

/* The row of a short option; NULL if there is none. */
const struct option *option_by_letter(char letter);

/* How many words behind a long option are its own, if it is written without "=". */
unsigned option_arguments(const struct option *option);

/* True if a profile may have this section. */
bool option_section_known(const char *section);

/* The word of that name; NULL if there is none. */
const struct word *word_by_name(const struct word *words, const char *name);

/* The word of that value, the first of several; NULL if there is none. */
const struct word *word_by_value(const struct word *words, int value);

/* The names of words as "a, b or c", into out. 0 or -ENOMEM. */
int words_list(const struct word *words, struct buf *out);

#endif
