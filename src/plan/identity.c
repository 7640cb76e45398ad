/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/identity.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>


#define DATABASE_MAX (4UL << 20)

/* True if a line of passwd(5) or group(5) has id as its third field. */
static bool has_id(const char *text, unsigned id)
{
    char field[16];
    int len = snprintf(field, sizeof(field), ":%u:", id);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *colon = strchr(line, ':');
        colon = colon ? strchr(colon + 1, ':') : NULL;
        if (colon && strncmp(colon, field, (size_t)len) == 0)
            return true;
    }
    return false;
}

/* Turn the bind of a database into a copy of it with line added. */
static int replace(struct op *op, struct buf *text, const char *line)
{
    int r = text->len && text->data[text->len - 1] != '\n' ? buf_char(text, '\n') : 0;
    if (r >= 0)
        r = buf_str(text, line);
    if (r < 0)
        return r;
    free(op->source);
    op->source = NULL;
    op->kind = OP_BIND_DATA;
    op->flags &= ~(unsigned)OP_CHECKED;
    op->mode = 0444;
    op->data_len = text->len;
    op->data = buf_take(text);
    return op->data ? 0 : -ENOMEM;
}

static int add_line(struct plan *plan, const char *path, unsigned id, const char *line)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct op *op = &plan->ops[i];
        if (op->kind != OP_BIND || !op->source || strcmp(op->target, path) != 0)
            continue;
        _cleanup_buf_ struct buf text = { 0 };
        if (buf_read_file(&text, AT_FDCWD, op->source, DATABASE_MAX) < 0 || !text.data || has_id(text.data, id))
            return 0;
        return replace(op, &text, line);
    }
    return 0;
}

/* A name that could not break the line it goes into. */
static bool plain(const char *name)
{
    return name && *name && !strpbrk(name, ":\n");
}

int identity_add(const struct policy *policy, struct plan *plan)
{
    _cleanup_buf_ struct buf user = { 0 };
    _cleanup_buf_ struct buf group = { 0 };
    const char *name = plain(policy->user) ? policy->user : "user";
    const char *home = plain(policy->home_target) ? policy->home_target : "/";

    int r = buf_printf(&user, "%s:x:%u:%u::%s:/bin/sh\n", name, getuid(), getgid(), home);
    if (r >= 0)
        r = buf_printf(&group, "%s:x:%u:\n", name, getgid());
    if (r >= 0)
        r = add_line(plan, "/etc/passwd", getuid(), user.data);
    return r < 0 ? r : add_line(plan, "/etc/group", getgid(), group.data);
}
