/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learn/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "base/path.h"
#include "profile/reader.h"

enum { COMMENT_MAX = 200 };

/* --- what is not to be trusted --- */

/* Characters that are not seen, or that turn the direction of what is: U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F,
 * U+FEFF. */
static bool has_unseen(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (p[0] == 0xE2 && p[1] == 0x80 && ((p[2] >= 0x8B && p[2] <= 0x8F) || (p[2] >= 0xA8 && p[2] <= 0xAE)))
            return true;
        if ((p[0] == 0xE2 && p[1] == 0x81 && p[2] >= 0xA0 && p[2] <= 0xAF) || (p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF))
            return true;
        if (p[0] == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
            return true;
    }
    return false;
}

bool learn_carries(const char *value)
{
    size_t len = strlen(value);
    if (!len || len > READER_LINE_MAX - READER_NAME_MAX || value[0] == ' ' || value[len - 1] == ' ' || strstr(value, "${"))
        return false;
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if (*p < 0x20 || *p == 0x7F)
            return false;
    return utf8_valid(value, len) && !has_unseen(value);
}

/* In a comment: plain ASCII, whatever it was, and not without end. */
static int add_escaped(struct buf *out, const char *text)
{
    size_t begin = out->len;
    int r = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p && r >= 0; p++) {
        if (out->len - begin > COMMENT_MAX)
            return buf_str(out, "...");
        r = *p >= 0x20 && *p < 0x7F && *p != '\\' ? buf_char(out, (char)*p) : buf_printf(out, "\\x%02x", *p);
    }
    return r;
}

/* --- what the profile has already --- */

struct have {
    struct strv keys;     /* "section.name=value" */
    unsigned lines[3];    /* of the scalars; 0: not there */
};

static const struct {
    const char *section, *name;
} scalars[] = { { "files", "home" }, { "files", "git" }, { "network", "mode" } };
enum { SCALAR_HOME, SCALAR_GIT, SCALAR_MODE };

static int note_key(void *data, const char *section, const char *name, const char *value, unsigned line, struct buf *why)
{
    (void)why;
    struct have *have = data;
    _cleanup_buf_ struct buf key = { 0 };
    for (size_t i = 0; i < ELEMENTSOF(scalars); i++)
        if (strcmp(scalars[i].section, section) == 0 && strcmp(scalars[i].name, name) == 0)
            have->lines[i] = line;
    int r = buf_printf(&key, "%s.%s=%s", section, name, value ? value : "");
    return r < 0 ? r : strv_take(&have->keys, buf_take(&key));
}

static bool has_key(const struct have *have, const char *section, const char *name, const char *value)
{
    _cleanup_buf_ struct buf key = { 0 };
    return buf_printf(&key, "%s.%s=%s", section, name, value) >= 0 && strv_has(&have->keys, key.data);
}

/* --- lines --- */

struct writer {
    const struct learned *what;
    struct have have;
    const char *old; /* text, NULL: none */
    struct buf *out;
    const char *section; /* that of the lines to come, */
    bool begun;          /* which has its head already */
    size_t n;
};

static void section(struct writer *w, const char *name)
{
    w->section = name;
    w->begun = false;
}

static int line(struct writer *w, const char *comment, const char *name, const char *value)
{
    if (has_key(&w->have, w->section, name, value))
        return 0;
    int r = w->begun ? 0 : buf_printf(w->out, "\n[%s]\n", w->section);
    w->begun = true;
    if (r >= 0 && comment)
        r = buf_printf(w->out, "# %s\n", comment);
    return r < 0 ? r : buf_printf(w->out, "%s = %s\n", name, value);
}

static int grant(struct writer *w, const char *comment, const char *name, const char *value)
{
    size_t before = w->out->len;
    int r = line(w, comment, name, value);
    w->n += w->out->len > before;
    return r;
}

/* As a profile names it: optional, and by the home where it is the user's. */
static int path_value(const struct writer *w, const char *path, struct buf *ret)
{
    const char *home = w->what->home;
    bool own = home && home[1] && path_within(path, home);
    return own ? buf_printf(ret, "-${HOME}%s", path + strlen(home)) : buf_printf(ret, "-%s", path);
}

static int left_out(struct writer *w, const char *name, const char *path)
{
    int r = buf_printf(w->out, "# not to be written here as it is, and left out: %s ", name);
    r = r < 0 ? r : add_escaped(w->out, path);
    return r < 0 ? r : buf_char(w->out, '\n');
}

static int paths(struct writer *w, const char *comment, const char *name, const struct strv *list)
{
    int r = 0;
    for (size_t i = 0; i < list->n && i < LEARNED_LINES_MAX && r >= 0; i++) {
        _cleanup_buf_ struct buf value = { 0 };
        size_t before = w->out->len;
        if (!learn_carries(list->v[i]) || list->v[i][0] != '/')
            r = left_out(w, name, list->v[i]);
        else if ((r = path_value(w, list->v[i], &value)) >= 0)
            r = grant(w, comment, name, value.data);
        if (w->out->len > before)
            comment = NULL;
    }
    if (r >= 0 && list->n > LEARNED_LINES_MAX)
        r = buf_printf(w->out, "# and %zu more, too many to be told\n", list->n - LEARNED_LINES_MAX);
    return r;
}

/* What was not granted, for people to decide; what the profile says already is not said again. */
static int told(struct writer *w, const char *comment, const char *name, const struct strv *list)
{
    int r = 0;
    for (size_t i = 0; i < list->n && i < LEARNED_TOLD_MAX && r >= 0; i++) {
        _cleanup_buf_ struct buf text = { 0 };
        r = buf_printf(&text, "#   %s", name);
        if (r >= 0)
            r = add_escaped(&text, list->v[i]);
        if (r >= 0)
            r = buf_char(&text, '\n');
        if (r < 0 || (w->old && strstr(w->old, text.data)))
            continue;
        if (comment)
            r = buf_printf(w->out, "# %s\n", comment);
        comment = NULL;
        if (r >= 0)
            r = buf_add(w->out, text.data, text.len);
    }
    if (r >= 0 && !comment && list->n > LEARNED_TOLD_MAX)
        r = buf_printf(w->out, "#   and %zu more\n", list->n - LEARNED_TOLD_MAX);
    return r;
}

/* --- the parts --- */

static int write_head(struct writer *w, bool fresh)
{
    const struct learned *what = w->what;
    char when[32] = "";
    time_t t = (time_t)what->time;
    struct tm tm;
    if (gmtime_r(&t, &tm))
        strftime(when, sizeof(when), "%Y-%m-%d", &tm);
    int r = buf_printf(w->out, "%s by agentjail --learn on %s, from:", fresh ? "# Learned" : "\n# Added", when);
    for (size_t i = 0; what->command && what->command[i] && i < 16 && r >= 0; i++) {
        r = buf_char(w->out, ' ');
        if (r >= 0)
            r = add_escaped(w->out, what->command[i]);
    }
    if (r >= 0)
        r = buf_char(w->out, '\n');
    if (r >= 0 && what->end)
        r = buf_printf(w->out, "# Not all of it: %s. Learn again to widen it.\n", what->end);
    if (r >= 0 && fresh)
        r = buf_str(w->out, "# It holds what that run has used, needed or not: read it, and take out what is not to be.\n"
                            "# What a program only asks for (stat, access) is not seen; variables pass as by default.\n");
    return r;
}

static int write_profile(struct writer *w, bool fresh)
{
    static const char *const always[] = { "system", "network", "programs", "protect", "env" };
    section(w, "profile");
    int r = fresh ? line(w, NULL, "description", "learned by agentjail --learn") : 0;
    for (size_t i = 0; i < ELEMENTSOF(always) && fresh && r >= 0; i++)
        r = line(w, i ? NULL : "as every command", "include", always[i]);
    const char *comment = "toolchains that it has used";
    for (size_t i = 0; i < w->what->includes.n && r >= 0; i++) {
        r = learn_carries(w->what->includes.v[i]) ? grant(w, comment, "include", w->what->includes.v[i]) : 0;
        comment = NULL;
    }
    return r;
}

/* One that is there already was changed in its place, by copy_old(). */
static int scalar(struct writer *w, size_t which, const char *comment, const char *value)
{
    return w->have.lines[which] ? 0 : line(w, comment, scalars[which].name, value);
}

static int write_own(struct writer *w, bool fresh)
{
    const struct learned *what = w->what;
    int r = 0;
    if (fresh)
        r = line(w, "as every command", "workspace", "auto");
    if (r >= 0 && fresh)
        r = line(w, NULL, "scratch", "/tmp");
    if (r >= 0 && fresh)
        r = line(w, NULL, "scratch", "/var/tmp");
    if (r < 0)
        return r;
    if (what->persistent)
        r = scalar(w, SCALAR_HOME, "it keeps files of its own: in a home of its own", "persistent");
    else if (fresh)
        r = scalar(w, SCALAR_HOME, NULL, "temporary");
    if (r >= 0 && what->git)
        r = scalar(w, SCALAR_GIT, "it runs git", "identity");
    if (r >= 0 && what->exec_workspace)
        r = grant(w, "it runs, or loads, what lies in the workspace", "exec", "${WORKSPACE}");
    if (r >= 0 && what->exec_tmp)
        r = grant(w, "it runs, or loads, what lies in a temporary directory", "exec", "/tmp");
    if (r >= 0 && what->exec_home)
        r = grant(w, "it runs, or loads, what lies in its own home", "exec", "${HOME}");
    return r;
}

static int write_files(struct writer *w, bool fresh)
{
    const struct learned *what = w->what;
    section(w, "files");
    int r = write_own(w, fresh);
    if (r >= 0)
        r = paths(w, "read, and for its own home then copied once", "import", &what->imports);
    if (r >= 0)
        r = paths(w, "read", "read", &what->reads);
    if (r >= 0)
        r = paths(w, "run, or loaded", "exec", &what->runs);
    if (r >= 0)
        r = paths(w, "keys and passwords in these", "hide", &what->hides);
    if (r >= 0)
        r = told(w, "Not granted: by its name it holds keys or passwords, or it is agentjail's own, or too large to tell:", "",
                 &what->closed);
    return r < 0 ? r : told(w, "It would have written these, which was refused. If it is to, write for each below [files]:",
                            "write = -", &what->refused);
}

static int write_network(struct writer *w, bool fresh)
{
    const struct learned *what = w->what;
    section(w, "network");
    int r = what->network ? scalar(w, SCALAR_MODE, NULL, "filtered") : fresh ? scalar(w, SCALAR_MODE, NULL, "none") : 0;
    for (size_t i = 0; i < what->hosts.n && r >= 0; i++)
        r = learn_carries(what->hosts.v[i]) ? grant(w, i ? NULL : "what it has reached", "allow", what->hosts.v[i])
                                            : left_out(w, "allow", what->hosts.v[i]);
    return r < 0 ? r : told(w, "Not reached, refused or without an answer. If it is to be, write below [network]:", "",
                            &what->denied_hosts);
}

/* --- the old text --- */

/* What the scalar in that line is to be; NULL: as it is. */
static const char *changed(const struct writer *w, unsigned number)
{
    const struct learned *what = w->what;
    const bool wanted[] = { what->persistent, what->git, what->network };
    static const char *const lines[] = { "home = persistent\n", "git = identity\n", "mode = filtered\n" };
    for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
        if (wanted[i] && w->have.lines[i] == number)
            return lines[i];
    return NULL;
}

static int copy_old(struct writer *w, const struct buf *old)
{
    int r = 0;
    unsigned number = 0;
    for (const char *p = old->data, *end = old->data + old->len; p < end && r >= 0;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t len = newline ? (size_t)(newline - p) + 1 : (size_t)(end - p);
        const char *instead = changed(w, ++number);
        r = instead ? buf_str(w->out, instead) : buf_add(w->out, p, len);
        if (r >= 0 && !instead && !newline)
            r = buf_char(w->out, '\n');
        p += len;
    }
    return r;
}

int learn_text(const struct learned *what, const struct buf *old, struct buf *out, size_t *ret_n)
{
    bool fresh = !old || !old->len;
    struct writer w = { .what = what, .out = out, .old = fresh ? NULL : old->data };
    _cleanup_buf_ struct buf why = { 0 };
    int r = fresh ? 0 : reader_parse(what->name, old->data, old->len, note_key, &w.have, &why);
    if (r >= 0 && !fresh)
        r = copy_old(&w, old);
    if (r >= 0)
        r = write_head(&w, fresh);
    if (r >= 0)
        r = write_profile(&w, fresh);
    if (r >= 0)
        r = write_files(&w, fresh);
    if (r >= 0)
        r = write_network(&w, fresh);
    strv_free(&w.have.keys);
    *ret_n = w.n;
    return r;
}
