/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/git_identity.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "base/git_config.h"
#include "base/path.h"

enum { INCLUDE_DEPTH = 8, TEXT_MAX = 1 << 17 };

/* "section.key", "*" for every key of a section. What is left out: whatever runs a program (helpers, pagers, editors,
 * hooks, filters, signing), names a file of the host's, or says how to reach and trust it. */
static const char *const keys[] = {
    "user.name", "user.email", "user.useconfigonly", "author.name", "author.email", "committer.name", "committer.email",
    "init.defaultbranch", "core.autocrlf", "core.eol", "core.safecrlf", "core.abbrev", "core.quotepath", "core.whitespace",
    "core.commentchar", "core.logallrefupdates", "color.*", "column.*", "advice.*", "pull.rebase", "pull.ff", "push.default",
    "push.autosetupremote", "push.followtags", "push.usetracking", "fetch.prune", "fetch.prunetags", "fetch.parallel",
    "merge.conflictstyle", "merge.ff", "merge.log", "merge.stat", "merge.renames", "merge.autostash", "rebase.autosquash",
    "rebase.autostash", "rebase.updaterefs", "rebase.missingcommitscheck", "rebase.stat", "rerere.enabled",
    "rerere.autoupdate", "diff.algorithm", "diff.renames", "diff.colormoved", "diff.colormovedws", "diff.mnemonicprefix",
    "diff.noprefix", "diff.context", "diff.interhunkcontext", "diff.submodule", "diff.wserrorhighlight", "diff.relative",
    "log.date", "log.decorate", "log.abbrevcommit", "log.follow", "log.showsignature", "branch.autosetupmerge",
    "branch.autosetuprebase", "branch.sort", "tag.sort", "versionsort.suffix", "status.*", "commit.verbose",
    "commit.cleanup", "commit.status", "grep.linenumber", "grep.patterntype", "grep.extendedregexp", "grep.column",
    "help.autocorrect", "stash.showpatch", "stash.showstat", "stash.showincludeuntracked", "blame.*", "submodule.recurse",
    "submodule.fetchjobs", "apply.whitespace", "apply.ignorewhitespace", "format.pretty", "format.signoff",
    "checkout.defaultremote", "checkout.guess", "worktree.guessremote", "transfer.fsckobjects", "fetch.fsckobjects",
    "receive.fsckobjects", "index.version", "feature.*", "revert.reference", "am.threeway", "am.keepcr",
};

struct source {
    const char *gitdir, *home;
    struct buf *out;
    struct git_entry last; /* whose section the text is in; strings are another's */
    unsigned depth;
    bool lfs;
};

static bool listed(const struct git_entry *e)
{
    char name[80];
    if (snprintf(name, sizeof(name), "%s.%s", e->section, e->key) >= (int)sizeof(name))
        return false;
    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        size_t len = strlen(keys[i]);
        if (keys[i][len - 1] == '*' ? strncmp(name, keys[i], len - 1) == 0 : strcmp(name, keys[i]) == 0)
            return true;
    }
    return false;
}

/* url.BASE.insteadOf: shorthands of remotes, unless a password is in them. */
static bool harmless_url(const char *url)
{
    const char *at = url ? strchr(url, '@') : NULL;
    if (!url || url[0] == '-' || strstr(url, "::"))
        return false;
    return !at || strncmp(url, "git@", 4) == 0 || strncmp(url, "ssh://git@", 10) == 0;
}

static bool wanted(const struct git_entry *e)
{
    if (strcmp(e->section, "url") == 0)
        return e->value && (strcmp(e->key, "insteadof") == 0 || strcmp(e->key, "pushinsteadof") == 0) &&
               harmless_url(e->subsection) && harmless_url(e->value);
    if (strcmp(e->section, "alias") == 0)
        return e->value && e->value[strspn(e->value, " \t\n")] != '!';
    if (e->subsection && strcmp(e->section, "color") != 0 && strcmp(e->section, "versionsort") != 0)
        return false;
    return listed(e);
}

static int read_file(struct source *s, const char *path);

/* A path as git takes it in include.path: "~/", absolute, or beside the file that has it. */
static bool include_path(const struct source *s, const char *from, const char *value, char out[PATH_MAX])
{
    int n;
    if (strncmp(value, "~/", 2) == 0)
        n = s->home ? snprintf(out, PATH_MAX, "%s/%s", s->home, value + 2) : -1;
    else if (value[0] == '/')
        n = snprintf(out, PATH_MAX, "%s", value);
    else
        n = snprintf(out, PATH_MAX, "%.*s/%s", (int)(strrchr(from, '/') - from), from, value);
    return n > 0 && n < PATH_MAX;
}

/* includeIf "gitdir:PATTERN"; its other conditions do not hold here. */
static bool condition_holds(const struct source *s, const char *from, const char *condition)
{
    char pattern[PATH_MAX + 8], path[PATH_MAX];
    int flags = 0;
    if (strncmp(condition, "gitdir:", 7) == 0)
        condition += 7;
    else if (strncmp(condition, "gitdir/i:", 9) == 0 && (flags = FNM_CASEFOLD))
        condition += 9;
    else
        return false;
    if (!s->gitdir || !*condition)
        return false;
    bool anywhere = strncmp(condition, "~/", 2) != 0 && condition[0] != '/' && strncmp(condition, "./", 2) != 0;
    if (anywhere)
        snprintf(path, sizeof(path), "*/%s", condition);
    else if (!include_path(s, from, condition[0] == '.' ? condition + 2 : condition, path))
        return false;
    bool tree = path[strlen(path) - 1] == '/';
    snprintf(pattern, sizeof(pattern), "%s%s", path, tree ? "*" : "");
    return fnmatch(pattern, s->gitdir, flags) == 0;
}

static int include(struct source *s, const char *from, const struct git_entry *e)
{
    char path[PATH_MAX];
    bool plain = strcmp(e->section, "include") == 0 && !e->subsection;
    bool conditional = strcmp(e->section, "includeif") == 0 && e->subsection;
    if ((!plain && !conditional) || strcmp(e->key, "path") != 0 || !e->value || s->depth >= INCLUDE_DEPTH)
        return 0;
    if ((conditional && !condition_holds(s, from, e->subsection)) || !include_path(s, from, e->value, path))
        return 0;
    s->depth++;
    int r = read_file(s, path);
    s->depth--;
    return r;
}

static int take(struct source *s, const struct git_entry *e)
{
    int r = git_config_header(s->out, e);
    return r < 0 ? r : git_config_line(s->out, e);
}

static int read_file(struct source *s, const char *path)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_git_config_ struct git_config config = { 0 };
    if (buf_read_file(&text, AT_FDCWD, path, GIT_CONFIG_BYTES) < 0 || !text.data)
        return 0;
    int r = git_config_parse(text.data, text.len, &config);
    if (r < 0)
        return r == -ENOMEM ? r : 0; /* git outside says what is wrong with it */
    for (size_t i = 0; i < config.n && r >= 0 && s->out->len < TEXT_MAX; i++) {
        const struct git_entry *e = &config.v[i];
        if (!e->key)
            continue;
        if (strcmp(e->section, "filter") == 0 && e->subsection && strcmp(e->subsection, "lfs") == 0)
            s->lfs = true;
        if (wanted(e))
            r = take(s, e);
        if (r >= 0)
            r = include(s, path, e);
    }
    return r;
}

int git_identity_text(const char *const *files, const char *gitdir, const char *home, struct buf *out)
{
    struct source s = { .gitdir = gitdir, .home = home, .out = out };
    int r = buf_str(out, "# By agentjail, of the user's own settings: who commits, and how; nothing that git would run.\n");
    for (; *files && r >= 0; files++)
        r = read_file(&s, *files);
    if (r >= 0 && s.lfs) /* the user has git-lfs: the filters that it would set up, not what stands there */
        r = buf_str(out, "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n\tsmudge = git-lfs smudge -- %f\n"
                         "\tprocess = git-lfs filter-process\n\trequired = true\n");
    return r;
}

/* The directory that holds the workspace's configuration, with a slash behind it as git matches it. */
static const char *find_gitdir(const struct policy *p, char out[PATH_MAX])
{
    if (!p->n_git_repos)
        return NULL;
    const char *config = p->git_repos[0].config;
    int n = snprintf(out, PATH_MAX, "%.*s", (int)(strrchr(config, '/') + 1 - config), config);
    return n > 0 && n < PATH_MAX ? out : NULL;
}

int git_identity_add(const struct policy *policy, struct plan *plan)
{
    static const char target[] = "/etc/gitconfig";
    _cleanup_buf_ struct buf text = { 0 };
    char gitdir[PATH_MAX];
    if (policy->git != GIT_IDENTITY)
        return 0;
    int r = git_identity_text(policy->git_settings, find_gitdir(policy, gitdir), policy->home_target, &text);
    if (r < 0)
        return r;
    struct op *op = NULL;
    for (size_t i = 0; i < plan->n && !op; i++) {
        if (plan->ops[i].kind == OP_BIND && strcmp(plan->ops[i].target, target) == 0)
            op = &plan->ops[i]; /* the system's own, which is among the files read */
        else if (plan->ops[i].kind == OP_BIND && plan->ops[i].source && path_within(target, plan->ops[i].target))
            return 0; /* all of /etc is the host's */
    }
    if (!op && !(op = plan_add(plan, OP_FILE, NULL, target)))
        return -ENOMEM;
    if (op->kind == OP_BIND)
        op->kind = OP_BIND_DATA;
    free(op->source);
    op->source = NULL;
    op->flags = OP_READ_ONLY | OP_NO_EXEC | OP_NO_SYMLINKS;
    op->origin = policy->git_origin;
    op->mode = 0444;
    op->data_len = text.len;
    op->data = buf_take(&text);
    return op->data ? 0 : -ENOMEM;
}
