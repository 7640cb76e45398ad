/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan.h"

#include <string.h>

#include "base/json.h"

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        free(plan->ops[i].source);
        free(plan->ops[i].target);
        free(plan->ops[i].data);
    }
    free(plan->ops);
    strv_free(&plan->guarded);
    strv_free(&plan->guarded_by);
    free(plan->guarded_origins);
    strv_free(&plan->notes);
    *plan = (struct plan){ 0 };
}

static int copy(const char *string, char **ret_copy)
{
    if (!string)
        return 0;
    *ret_copy = strdup(string);
    return *ret_copy ? 0 : -ENOMEM;
}

struct op *plan_add(struct plan *plan, enum op_kind kind, const char *source, const char *target)
{
    if (plan->n == plan->size) {
        size_t size = plan->size ? plan->size * 2 : 32;
        struct op *ops = reallocarray(plan->ops, size, sizeof(*ops));
        if (!ops)
            return NULL;
        plan->ops = ops;
        plan->size = size;
    }

    struct op *op = &plan->ops[plan->n];
    *op = (struct op){ .kind = kind, .fd = -1 };
    if (copy(source, &op->source) < 0 || copy(target, &op->target) < 0) {
        free(op->source);
        return NULL;
    }
    plan->n++;
    return op;
}

static const char *const kind_names[] = {
    [OP_BIND] = "bind",       [OP_TMPFS] = "tmpfs", [OP_DIR] = "dir",         [OP_FILE] = "file",
    [OP_BIND_DATA] = "data",  [OP_SYMLINK] = "symlink", [OP_PROC] = "proc",   [OP_DEV] = "dev",
    [OP_MQUEUE] = "mqueue",   [OP_OVERLAY] = "overlay", [OP_MASK] = "mask",   [OP_PIN] = "pin",
    [OP_REMOUNT] = "remount", [OP_CHMOD] = "chmod", [OP_UNION] = "union",     [OP_LAYER] = "layer",
    [OP_BIND_LINK] = "link",  [OP_PIN_LINK] = "pin",
};

/* Paths may hold anything: what could confuse a terminal or a reader of lines is written as octal, as mountinfo
 * does. */
static int add_path(struct buf *out, const char *path)
{
    int r = 0;
    for (const unsigned char *p = (const unsigned char *)path; *p && r >= 0; p++)
        r = *p < 0x20 || *p == 0x7f || *p == '\\' ? buf_printf(out, "\\%03o", *p) : buf_char(out, (char)*p);
    return r;
}

static int print_op(const struct op *op, struct buf *out)
{
    int r = buf_printf(out, "%-8s", kind_names[op->kind]);
    if (r >= 0 && op->target)
        r = add_path(out, op->target);
    if (r >= 0 && op->source && (!op->target || strcmp(op->source, op->target) != 0)) {
        r = buf_str(out, " <- ");
        if (r >= 0)
            r = add_path(out, op->source);
    }
    if (r >= 0 && (op->kind == OP_SYMLINK || op->kind == OP_BIND_LINK)) {
        r = buf_str(out, " -> ");
        if (r >= 0)
            r = add_path(out, op->data);
    }
    if (r >= 0 && (op->kind == OP_BIND || op->kind == OP_TMPFS || op->kind == OP_OVERLAY))
        r = buf_printf(out, " (%s%s%s)", op->flags & OP_READ_ONLY ? "read-only" : "writable",
                       op->flags & OP_NO_EXEC ? ", no exec" : op->flags & OP_MAP_ONLY ? ", no programs" : "",
                       op->flags & OP_WATCHED ? ", watched" : "");
    if (r >= 0 && op->origin.file)
        r = buf_str(out, "  [");
    if (r >= 0 && op->origin.file)
        r = add_path(out, op->origin.file);
    if (r >= 0 && op->origin.file && op->origin.line && op->origin.line != ORIGIN_REASON)
        r = buf_printf(out, ":%u", op->origin.line);
    if (r >= 0 && op->origin.file)
        r = buf_char(out, ']');
    return r < 0 ? r : buf_char(out, '\n');
}

int plan_print(const struct plan *plan, struct buf *out)
{
    for (size_t i = 0; i < plan->n; i++) {
        int r = print_op(&plan->ops[i], out);
        if (r < 0)
            return r;
    }
    int r = 0;
    for (size_t i = 0; i < plan->guarded.n && r >= 0; i++) {
        r = buf_str(out, "guard   ");
        if (r >= 0)
            r = add_path(out, plan->guarded.v[i]);
        if (r >= 0)
            r = buf_char(out, '\n');
    }
    return r;
}

static void json_op(const struct op *op, struct json *j)
{
    bool words = op->origin.line == ORIGIN_REASON;
    json_object(j, NULL);
    json_string(j, "step", kind_names[op->kind]);
    json_string(j, "target", op->target);
    json_string(j, "source", op->source);
    if (op->kind == OP_SYMLINK)
        json_bytes(j, "link", op->data, op->data_len);
    json_bool(j, "read_only", op->flags & OP_READ_ONLY);
    json_bool(j, "exec", !(op->flags & (OP_NO_EXEC | OP_MAP_ONLY)));
    json_bool(j, "watched", op->flags & OP_WATCHED);
    json_bool(j, "optional", op->flags & OP_OPTIONAL);
    json_string(j, "file", words ? NULL : op->origin.file);
    if (op->origin.line && !words)
        json_unsigned(j, "line", op->origin.line);
    else
        json_null(j, "line");
    json_string(j, "reason", words ? op->origin.file : NULL);
    json_end(j);
}

int plan_json(const struct plan *plan, struct buf *out)
{
    struct json j = { .out = out };
    json_array(&j, NULL);
    for (size_t i = 0; i < plan->n; i++)
        json_op(&plan->ops[i], &j);
    for (size_t i = 0; i < plan->guarded.n; i++) {
        json_object(&j, NULL);
        json_string(&j, "step", "guard");
        json_string(&j, "target", plan->guarded.v[i]);
        json_end(&j);
    }
    json_end(&j);
    return json_finish(&j);
}
