/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/command.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cure.h"
#include "base/path.h"
#include "base/program_head.h"
#include "profile/interpreter.h"
#include "profile/origin.h"

enum { INTERPRETERS_MAX = 5 }; /* inside one another: as many as execve(2) goes along, and the last one's loader */

/* The first executable of that name on the host's PATH, or NULL; owned by the caller. */
static char *find_on_host(const char *command, const char *path)
{
    if (strchr(command, '/'))
        return access(command, X_OK) == 0 ? realpath(command, NULL) : NULL;
    while (path && *path) {
        size_t len = strcspn(path, ":");
        _cleanup_buf_ struct buf name = { 0 };
        struct stat st;
        if (len && buf_printf(&name, "%.*s/%s", (int)len, path, command) >= 0 && stat(name.data, &st) == 0 &&
            S_ISREG(st.st_mode) && access(name.data, X_OK) == 0)
            return buf_take(&name);
        path += len;
        path += *path == ':';
    }
    return NULL;
}

/* The operation that shows path inside, or NULL. */
static const struct op *shown_by(const struct plan *plan, const char *path)
{
    const struct op *best = NULL;
    for (size_t i = 0; i < plan->n; i++) {
        const struct op *op = &plan->ops[i];
        bool place = op->kind == OP_BIND || op->kind == OP_OVERLAY || op->kind == OP_TMPFS || op->kind == OP_MASK;
        if (place && path_within(path, op->target) &&
            (!best || op->flags & OP_ASKED || strlen(op->target) >= strlen(best->target)))
            best = op;
    }
    return best;
}

static bool host_file(const struct op *op)
{
    return op && (op->kind == OP_BIND || op->kind == OP_OVERLAY) && !(op->flags & OP_OWN) &&
           (!op->source || strcmp(op->source, op->target) == 0);
}

/* A file that is named by its path, and can be run neither here nor there. */
static bool explain_file(const char *command, int error, struct buf *text)
{
    struct stat st;
    if (!strchr(command, '/') || stat(command, &st) < 0)
        return false;
    if (S_ISDIR(st.st_mode))
        buf_printf(text, "%s: is a directory, not a program", command);
    else if (S_ISREG(st.st_mode) && access(command, X_OK) < 0)
        buf_printf(text, "%s: may not be executed, outside either; chmod +x it if it is a program", command);
    else if (error == ENOEXEC)
        buf_printf(text, "%s: is no program of this machine, and has no \"#!\" line; write sh %s if it is a script", command,
                   command);
    return text->len > 0;
}

/* What shows a program of the host's, and lets it be run. Below the home and what else is the jail's own exec alone is about
 * what the jail makes there. */
static void advise_exec(const struct op *op, const char *path, struct buf *text)
{
    if (op && !host_file(op))
        buf_printf(text, "--read=%s ", path);
    buf_printf(text, "--exec=%s", path);
}

/* The program is there, and execve(2) has found nothing all the same: what it needs to be run is missing, or what that
 * needs. A host where all of it is visible has changed meanwhile. */
static void explain_interpreter(const struct plan *plan, const char *command, const char *real, struct buf *text)
{
    struct program_head head = { 0 };
    _cleanup_free_ char *at = strdup(real);
    for (unsigned i = 0; at && i < INTERPRETERS_MAX && interpreter_head(at, &head) >= 0 && head.interpreter[0]; i++) {
        const char *what = head.kind == PROGRAM_SCRIPT ? "interpreter (its \"#!\" line)" : "loader", *needed = head.interpreter;
        free(at);
        at = realpath(needed, NULL);
        if (!at) {
            buf_printf(text, "%s: the %s %s is not there, outside either; install %s", command, what, needed,
                       head.kind == PROGRAM_SCRIPT ? "it, or correct the line" : "the C library it was built for");
            return;
        }
        const struct op *op = shown_by(plan, at);
        if (!host_file(op)) {
            buf_printf(text, "%s: the %s %s is not visible inside; allow it with ", command, what, needed);
            advise_exec(op, at, text);
            return;
        }
    }
    buf_printf(text, "%s: %s is visible inside, but not all that it takes to run it; see agentjail --explain %s", command, real,
               command);
}

static void add_place(const struct origin *origin, struct buf *text)
{
    if (origin->file && origin->line && origin->line != ORIGIN_REASON)
        buf_printf(text, " (%s:%u)", origin->file, origin->line);
}

/* What execve(2) says of a name, or of a file that nothing of the profile's keeps from being run. */
static void explain_errno(const char *command, int error, struct buf *text)
{
    const char *what = NULL;
    switch (error) {
    case EACCES:
        what = "permission denied: it is no program, or lies where the profile has no exec";
        break;
    case ENOENT:
        what = strchr(command, '/') ? "there is no such file, neither inside nor outside; correct the path"
                                    : "not found, neither inside nor on the host's PATH";
        break;
    case ENOTDIR:
        what = "what stands before a '/' there is no directory; correct the path";
        break;
    case ELOOP:
        what = "its symlinks lead in a circle; correct them";
        break;
    case ENAMETOOLONG:
        what = "no file's name can be as long; correct it";
        break;
    case ETXTBSY:
        what = "something has it open for writing; run it when that is done";
        break;
    case E2BIG:
        what = "its arguments and variables are too much for the kernel; pass fewer (execve(2) has the limits)";
        break;
    default:
        buf_printf(text, "%s: cannot be run: %s: %s", command, strerror(error), cure_of_errno(error));
        return;
    }
    buf_printf(text, "%s: %s", command, what);
}

void command_explain(const struct plan *plan, const char *command, const char *path, int error, struct buf *text)
{
    _cleanup_free_ char *found = find_on_host(command, path);
    _cleanup_free_ char *real = found ? realpath(found, NULL) : NULL;
    const struct op *op = real ? shown_by(plan, real) : NULL;

    if (explain_file(command, error, text))
        return;
    if (!real) {
        explain_errno(command, error, text);
        return;
    }
    if (!host_file(op)) {
        buf_printf(text,
                   "%s: not visible inside: it is %s on the host, which no grant of the profile shows; allow it with ",
                   command, real);
        advise_exec(op, real, text);
    } else if (op->flags & OP_DENIED) {
        buf_printf(text, "%s: %s is not to be run: %s", command, real, origin_word(&op->origin, "deny", "exec-deny"));
        add_place(&op->origin, text);
    } else if (plan->run_listed && op->flags & (OP_NO_EXEC | OP_MAP_ONLY)) {
        buf_printf(text, "%s: %s is not on the list of programs that may be run: %s", command, real,
                   origin_word(&plan->run_origin, "allow", "exec-allow"));
        add_place(&plan->run_origin, text);
        buf_printf(text, "; allow it with --exec-allow=%s", real);
    } else if (op->flags & OP_NO_EXEC) {
        buf_printf(text, "%s: %s lies in %s, where the profile lets nothing be executed", command, real, op->target);
        add_place(&op->origin, text);
        buf_printf(text, "; allow it with --exec=%s", op->target);
    } else if (error == ENOENT) {
        explain_interpreter(plan, command, real, text);
    } else if (error == EACCES) { /* the profile lets it be run */
        buf_printf(text, "%s: %s may not be run: %s", command, real, cure_of_errno(error));
    } else {
        explain_errno(command, error, text);
    }
}
