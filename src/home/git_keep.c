/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "home/git_keep.h"

#include <ctype.h>
#include <string.h>

#include "base/git_config.h"

enum { ENTRIES_MAX = 2000, CHANGES_MAX = 256, VALUES_MAX = 16, TEXT_MAX = 2000 };

struct judge {
    const struct git_keep *keep;
    struct git_config base, copy;
};

/* The values of one name, in order. */
struct values {
    const struct git_entry *v[VALUES_MAX];
    size_t n;
    bool too_many;
};

static struct values values_of(const struct git_config *c, const struct git_entry *name)
{
    struct values out = { .n = 0 };
    for (size_t i = 0; i < c->n; i++) {
        if (!c->v[i].key || !git_entry_same(&c->v[i], name))
            continue;
        out.too_many = out.n == VALUES_MAX;
        if (out.too_many)
            break;
        out.v[out.n++] = &c->v[i];
    }
    return out;
}

static bool same_value(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_values(const struct values *a, const struct values *b)
{
    bool same = a->n == b->n && !a->too_many && !b->too_many;
    for (size_t i = 0; same && i < a->n; i++)
        same = same_value(a->v[i]->value, b->v[i]->value);
    return same;
}

/* --- forms of values --- */

static bool is_one_of(const char *value, const char *list)
{
    size_t len = strlen(value);
    for (const char *p = list; *p; p += strcspn(p, " "), p += strspn(p, " "))
        if (strncmp(p, value, len) == 0 && (p[len] == ' ' || !p[len]))
            return true;
    return false;
}

/* Text without control characters. */
static bool is_text(const char *value)
{
    size_t len = strlen(value);
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return len > 0 && len <= TEXT_MAX;
}

/* Text of more than one line: nothing that a terminal which shows it would act on. */
static bool is_lines(const char *value)
{
    for (const char *p = value; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
            return false;
    return strlen(value) <= TEXT_MAX;
}

/* The name of a branch or a ref, as git-check-ref-format(1), or stricter. */
static bool is_ref(const char *name)
{
    if (!is_text(name) || name[0] == '-' || name[0] == '/' || strstr(name, "..") || strstr(name, "@{") || strstr(name, "//"))
        return false;
    return !strpbrk(name, " ~^:?*[\\\"'`$;&|<>(){}!");
}

/* The name of a remote or submodule. */
static bool is_name(const char *name)
{
    if (!name || !is_ref(name) || name[0] == '.')
        return false;
    return true;
}

/* "host", "user@host", "host:22": no option for ssh, no surprise. */
static bool is_host(const char *p, size_t len)
{
    const char *at = memchr(p, '@', len);
    const char *host = at ? at + 1 : p;
    if (len == 0 || p[0] == '-' || host == p + len || host[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)p[i]) && !strchr("@.-_:[]%~+", p[i]))
            return false;
    return true;
}

static bool is_url(const struct judge *j, const char *url)
{
    static const char *const schemes[] = { "https://", "http://", "ssh://", "git://" };
    if (!is_text(url) || url[0] == '-' || strchr(url, ' '))
        return false;
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(url, schemes[i], len) == 0)
            return is_host(url + len, strcspn(url + len, "/"));
    }
    if (strncmp(url, "file://", 7) == 0)
        return url[7] == '/' && j->keep->local_is_safe(j->keep->data, url + 7);
    if (strstr(url, "://"))
        return false; /* another scheme has git run git-remote-SCHEME */
    size_t slash = strcspn(url, "/"), colon = strcspn(url, ":");
    if (colon < slash) /* user@host:path, but not ext::program */
        return url[colon + 1] != ':' && url[colon + 1] != '-' && url[colon + 1] && is_host(url, colon);
    return j->keep->local_is_safe(j->keep->data, url);
}

/* [+]refs/...:refs/remotes/NAME/..., of the remote's own name: under another's the user would take for origin's main what a
 * payload's remote has sent. Tags, where no "+" replaces those that are there. */
static bool is_refspec(const char *value, const char *remote)
{
    bool forced = value[0] == '+';
    value += forced;
    const char *colon = strchr(value, ':');
    size_t len = strlen(remote);
    if (!colon || strncmp(value, "refs/", 5) != 0 || strlen(value) > TEXT_MAX)
        return false;
    bool own = strncmp(colon + 1, "refs/remotes/", 13) == 0 && strncmp(colon + 14, remote, len) == 0 && colon[14 + len] == '/';
    if (!own && (forced || strncmp(colon + 1, "refs/tags/", 10) != 0))
        return false;
    for (const char *p = value; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("/._-*@#+=,%", *p) && p != colon)
            return false;
    return !strstr(value, "..");
}

/* --- what may change --- */

static const char *first_value(const struct git_config *c, const char *section, const char *subsection, const char *key)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct git_entry *e = &c->v[i];
        if (e->key && e->value && e->subsection && strcmp(e->section, section) == 0 && strcmp(e->key, key) == 0 &&
            strcmp(e->subsection, subsection) == 0)
            return e->value;
    }
    return NULL;
}

static bool has_section(const struct git_config *c, const char *section, const char *subsection)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].key && c->v[i].subsection && strcmp(c->v[i].section, section) == 0 &&
            strcmp(c->v[i].subsection, subsection) == 0)
            return true;
    return false;
}

/* A branch that followed something may follow the same under another name, as after git remote rename. */
static bool is_same_remote(const struct judge *j, const char *before, const char *after)
{
    const char *old = before ? first_value(&j->base, "remote", before, "url") : NULL;
    const char *now = first_value(&j->copy, "remote", after, "url");
    return old && now && strcmp(old, now) == 0;
}

/* One that followed a remote is not turned to another: the user's next push would go there. */
static bool branch_value(const struct judge *j, const struct git_entry *e, const struct values *before)
{
    if (strcmp(e->key, "remote") == 0 || strcmp(e->key, "pushremote") == 0)
        return (strcmp(e->value, ".") == 0 || is_name(e->value)) &&
               (!before->n || is_same_remote(j, before->v[0]->value, e->value));
    if (strcmp(e->key, "merge") == 0)
        return strncmp(e->value, "refs/", 5) == 0 && is_ref(e->value);
    if (strcmp(e->key, "rebase") == 0)
        return is_one_of(e->value, "true false merges interactive");
    return strcmp(e->key, "description") == 0 && is_lines(e->value);
}

static bool remote_value(const struct judge *j, const struct git_entry *e)
{
    if (strcmp(e->key, "url") == 0 || strcmp(e->key, "pushurl") == 0)
        return is_url(j, e->value);
    if (strcmp(e->key, "fetch") == 0)
        return is_refspec(e->value, e->subsection);
    if (strcmp(e->key, "tagopt") == 0)
        return is_one_of(e->value, "--tags --no-tags");
    return strcmp(e->key, "prune") == 0 && is_one_of(e->value, "true false");
}

static bool submodule_value(const struct judge *j, const struct git_entry *e, bool had)
{
    if (strcmp(e->key, "url") == 0)
        return !had && is_url(j, e->value);
    if (strcmp(e->key, "active") == 0)
        return is_one_of(e->value, "true false");
    if (strcmp(e->key, "update") == 0)
        return is_one_of(e->value, "checkout merge rebase none");
    return strcmp(e->key, "branch") == 0 && is_ref(e->value);
}

static bool other_value(const struct git_entry *e)
{
    if (strcmp(e->section, "user") == 0 && !e->subsection)
        return (strcmp(e->key, "name") == 0 || strcmp(e->key, "email") == 0) && is_text(e->value);
    if (strcmp(e->section, "lfs") != 0)
        return false;
    if (!e->subsection)
        return strcmp(e->key, "repositoryformatversion") == 0 && strcmp(e->value, "0") == 0;
    if (strncmp(e->subsection, "https://", 8) == 0 && is_text(e->subsection))
        return (strcmp(e->key, "access") == 0 && is_one_of(e->value, "none basic")) ||
               (strcmp(e->key, "locksverify") == 0 && is_one_of(e->value, "true false"));
    return false;
}

static bool value_is_kept(const struct judge *j, const struct git_entry *e, const struct values *before)
{
    if (!e->value)
        return false;
    if (strcmp(e->section, "branch") == 0 && e->subsection)
        return is_ref(e->subsection) && branch_value(j, e, before);
    if (strcmp(e->section, "remote") == 0 && e->subsection)
        return is_name(e->subsection) && !has_section(&j->base, "remote", e->subsection) && remote_value(j, e);
    if (strcmp(e->section, "submodule") == 0 && e->subsection)
        return is_name(e->subsection) && submodule_value(j, e, before->n > 0);
    return other_value(e);
}

/* May this name be taken out? */
static bool removal_is_kept(const struct judge *j, const struct git_entry *e)
{
    if (!e->subsection)
        return false;
    if (strcmp(e->section, "remote") == 0) /* a remote goes as a whole */
        return !has_section(&j->copy, "remote", e->subsection);
    return strcmp(e->section, "branch") == 0 || strcmp(e->section, "submodule") == 0;
}

static bool change_is_kept(const struct judge *j, const struct git_entry *name, const struct values *before,
                           const struct values *after)
{
    if (before->too_many || after->too_many)
        return false;
    if (after->n == 0)
        return removal_is_kept(j, name);
    for (size_t i = 0; i < after->n; i++)
        if (!value_is_kept(j, after->v[i], before))
            return false;
    return true;
}

/* --- the whole --- */

static int add_name(struct buf *list, const struct git_entry *e)
{
    _cleanup_buf_ struct buf name = { 0 };
    int r = buf_printf(&name, "%s.%.80s%s%.60s", e->section, e->subsection ? e->subsection : "", e->subsection ? "." : "",
                       e->key);
    if (r >= 0 && list->len)
        r = buf_str(list, ", ");
    for (char *p = name.data; r >= 0 && p && *p; p++)
        if (*p == '\n' || *p == '\t')
            *p = ' ';
    return r < 0 ? r : buf_visible(list, name.data);
}

/* The host's values must still be those that the jail began with: what the user changed meanwhile stays. */
static int apply(const struct git_entry *name, const struct values *before, const struct values *after, struct buf *text,
                 bool *ret_done)
{
    _cleanup_git_config_ struct git_config host = { 0 };
    _cleanup_buf_ struct buf next = { 0 };
    int r = git_config_parse(text->data ? text->data : "", text->len, &host);
    if (r < 0)
        return r;
    struct values now = values_of(&host, name);
    *ret_done = same_values(&now, before);
    if (!*ret_done)
        return 0;
    r = git_config_replace(text->data ? text->data : "", text->len, name, after->v, after->n, &next);
    if (r < 0)
        return r;
    buf_free(text);
    *text = next;
    next = (struct buf){ 0 };
    return 0;
}

static bool seen_before(const struct git_config *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (c->v[k].key && git_entry_same(&c->v[k], &c->v[i]))
            return true;
    return false;
}

static int judge_names(const struct judge *j, const struct git_config *names, bool removed_only, struct buf *text,
                       struct buf *kept, struct buf *dropped, unsigned *changes)
{
    int r = 0;
    for (size_t i = 0; i < names->n && r >= 0; i++) {
        const struct git_entry *e = &names->v[i];
        if (!e->key || seen_before(names, i))
            continue;
        struct values before = values_of(&j->base, e), after = values_of(&j->copy, e);
        if (same_values(&before, &after) || (removed_only && after.n))
            continue;
        bool keep = ++*changes <= CHANGES_MAX && change_is_kept(j, e, &before, &after);
        if (keep)
            r = apply(e, &before, &after, text, &keep);
        if (r >= 0 && *changes <= CHANGES_MAX)
            r = add_name(keep ? kept : dropped, e);
    }
    return r;
}

int git_keep(const struct git_keep *keep, struct buf *text, struct buf *kept, struct buf *dropped)
{
    struct judge j = { .keep = keep };
    unsigned changes = 0;
    int r = git_config_parse(keep->base, strlen(keep->base), &j.base);
    if (r >= 0)
        r = git_config_parse(keep->copy, strlen(keep->copy), &j.copy);
    if (r >= 0 && j.copy.n > ENTRIES_MAX)
        r = -E2BIG;
    if (r >= 0)
        r = buf_str(text, keep->host);
    if (r >= 0)
        r = judge_names(&j, &j.copy, false, text, kept, dropped, &changes);
    if (r >= 0)
        r = judge_names(&j, &j.base, true, text, kept, dropped, &changes);
    if (r < 0 || !kept->len)
        buf_free(text);
    git_config_free(&j.base);
    git_config_free(&j.copy);
    return r;
}
