/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/freeze.h"

#include <string.h>

#include "base/json.h"
#include "cli/prepare.h"
#include "cli/running.h"
#include "cli/text.h"
#include "registry/control_client.h"

enum { ASK_MS = 11000 }; /* longer than the monitor waits for init */

/* Ask one jail; its answer for people, "" when it did. */
static int ask(const struct jails *list, const struct jail *jail, enum control_kind kind, struct buf *why)
{
    const struct control_request q = { .version = CONTROL_VERSION, .kind = kind };
    int r = control_ask(list->dirs[jail->dir].fd, jail->id, jail->uid, &q, ASK_MS, why);
    if (r < 0 && !why->len)
        return buf_printf(why, "its monitor does not answer (%s)", strerror(-r));
    if (r >= 0)
        buf_free(why);
    return 0;
}

static int one(const struct jails *list, const struct jail *jail, enum control_kind kind, struct json *j, bool *ret_done)
{
    _cleanup_buf_ struct buf why = { 0 }, line = { 0 };
    int r = ask(list, jail, kind, &why);
    if (r >= 0)
        r = buf_printf(&line, "jail %s: %s", jail->id, why.len ? why.data : "");
    if (r < 0)
        return r;
    if (why.len)
        run_say(line.data);
    json_object(j, NULL);
    json_string(j, "id", jail->id);
    json_bool(j, "done", !why.len);
    json_string(j, "error", why.len ? why.data : NULL);
    json_end(j);
    *ret_done = !why.len;
    return 0;
}

static int change(const struct policy_request *request, enum control_kind kind)
{
    _cleanup_jails_ struct jails list = { 0 };
    _cleanup_buf_ struct buf out = { 0 };
    const struct jail *jail = NULL;
    bool all = strcmp(request->subject, "all") == 0;
    int status = all ? running_find(request, &list) : running_find_one(request, &list, &jail);
    if (status != 0)
        return status;
    struct json j = { .out = &out };
    json_array(&j, NULL);
    int r = 0;
    for (size_t i = 0; i < list.n && r >= 0; i++) {
        bool done = true;
        if (all || &list.v[i] == jail)
            r = one(&list, &list.v[i], kind, &j, &done);
        if (!done)
            status = 1;
    }
    return running_answer(request, &j, r, status);
}

int freeze_main(const struct policy_request *request)
{
    return change(request, CONTROL_FREEZE);
}

int thaw_main(const struct policy_request *request)
{
    return change(request, CONTROL_THAW);
}
