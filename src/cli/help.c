/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cli/help.h"

#include <errno.h>
#include <string.h>

#include "cli/text.h"
#include "profile/option.h"

enum { COLUMN = 28 }; /* where the texts begin */

static const char head[] =
    "Usage: agentjail [OPTIONS] [--] COMMAND [ARG...]\n"
    "\n"
    "Run COMMAND so that it can do its work and nothing else: it sees the system's\n"
    "programs, works in the directory you are in, and has no network, unless its\n"
    "profile or an option says otherwise.\n"
    "\n"
    "  agentjail make                       the default profile\n"
    "  agentjail --explain make             what it would be allowed, and why\n"
    "  agentjail --read=~/data ./train.py   one more directory to read\n";

static const char foot[] =
    "\n"
    "Lists (paths, variables) add up; an empty value empties one: --read=\n"
    "'-' before a path, or before the value of a fence or limit, makes it optional.\n"
    "Every option but those of modes, operations and messages is also a key of\n"
    "profiles: agentjail-profile(5). More: agentjail(1).\n"
    "\n"
    "Exit status: COMMAND's; 128+N if signal N ended it; 124 after --timeout;\n"
    "125 if agentjail refuses; 126 COMMAND cannot be run; 127 it is not found.\n";

static int print_option(FILE *out, const struct option *o)
{
    char left[80];
    const char *open = o->flags & OPTION_BARE ? "[=" : option_arguments(o) > 1 ? " " : "=";
    const char *close = o->flags & OPTION_BARE ? "]" : "";
    int n = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                     o->letter ? ", " : "  ", o->name, o->argument ? open : "", o->argument ? o->argument : "",
                     o->argument ? close : "");
    if (n < 0 || n >= (int)sizeof(left))
        return -EOVERFLOW;
    if (n >= COLUMN)
        return fprintf(out, "%s\n%*s%s\n", left, COLUMN, "", o->help) < 0 ? -EIO : 0;
    return fprintf(out, "%-*s%s\n", COLUMN, left, o->help) < 0 ? -EIO : 0;
}

/* Rows of the table from first up to the next section; *ret_next is where that begins. */
static int print_section(FILE *out, const char *title, size_t first, size_t last)
{
    bool begun = false;
    for (size_t i = first; i < last; i++) {
        if (!options[i].name)
            continue;
        if (!begun && fprintf(out, "\n%s:\n", title) < 0)
            return -EIO;
        begun = true;
        int r = print_option(out, &options[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

int help_print(FILE *out)
{
    if (fputs(head, out) < 0)
        return -EIO;
    for (const struct option_section *s = option_sections; s->name || s->title; s++) {
        int r = s->title ? print_section(out, s->title, s->first, s[1].first) : 0;
        if (r < 0)
            return r;
    }
    return fputs(foot, out) < 0 || fflush(out) != 0 ? -EIO : 0;
}

int help_main(const struct policy_request *request)
{
    (void)request;
    return text_printed(help_print(stdout) >= 0);
}

int version_main(const struct policy_request *request)
{
    (void)request;
    return text_printed(printf("agentjail %s\n", PACKAGE_VERSION) >= 0);
}
