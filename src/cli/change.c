/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jail's monitor makes the changes; what takes files, libraries or sockets, which it no longer gets, is done here: rules
 * are made canonical, ports are listened at. */
#include "cli/change.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "cli/prepare.h"
#include "cli/running.h"
#include "cli/text.h"
#include "dialler/dialler.h"
#include "jail/late_sockets.h"
#include "monitor/publish_listen.h"
#include "profile/net_change.h"
#include "registry/control_client.h"

enum { ASK_MS = 11000, BUSY_TRIES = 100, BUSY_MS = 20 };

struct change {
    const struct jails *list;
    const struct jail *jail;
    const struct request_option *asked;
};

/* Another change may be under way: that takes milliseconds. */
static int ask(const struct change *c, const struct control_request *q, int fd, struct buf *why)
{
    int r = -EBUSY;
    for (int tries = 0; tries < BUSY_TRIES && r == -EBUSY; tries++) {
        if (tries)
            nanosleep(&(struct timespec){ .tv_nsec = BUSY_MS * 1000000L }, NULL);
        buf_free(why);
        r = control_ask_with(c->list->dirs[c->jail->dir].fd, c->jail->id, c->jail->uid, q, fd, ASK_MS, why);
    }
    if (r < 0 && !why->len)
        (void)buf_printf(why, "its monitor does not answer (%s)", strerror(-r));
    return r;
}

/* The gateway may not connect to the rule's ports: leave a process to it that may. */
static int grant_with_dialler(const struct change *c, const struct control_request *q, struct buf *why)
{
    struct dialler_ports ports;
    struct stat registry;
    _cleanup_close_ int channel = -1;
    buf_free(why);
    if (fstat(c->list->dirs[c->jail->dir].fd, &registry) < 0)
        return -errno;
    int r = net_change_ports(q->text, false, &ports, why);
    if (r >= 0)
        r = dialler_start(&ports, c->jail->uid, registry.st_gid, &channel, why);
    return r < 0 ? r : ask(c, q, channel, why);
}

/* The gateway has no socket for the rule's ports of UDP: make them. */
static int grant_with_sockets(const struct change *c, const struct control_request *q, struct buf *why)
{
    struct dialler_ports ports;
    struct late_sockets late;
    buf_free(why);
    int r = net_change_ports(q->text, true, &ports, why);
    if (r >= 0)
        r = late_sockets_begin(&ports, &late, why);
    if (r < 0)
        return r;
    r = ask(c, q, late.channel, why);
    return late_sockets_end(&late, r, why);
}

static int change_rule(const struct change *c, enum control_kind kind, struct buf *why)
{
    struct control_request q = { .version = CONTROL_VERSION, .kind = kind };
    _cleanup_buf_ struct buf rule = { 0 };
    int r = net_change_canonical(c->asked->value, &rule, why);
    if (r < 0)
        return r;
    if (rule.len >= sizeof(q.text)) {
        (void)buf_printf(why, "the rule is longer than %zu bytes; name fewer ports at a time", sizeof(q.text) - 1);
        return -E2BIG;
    }
    memcpy(q.text, rule.data, rule.len);
    r = ask(c, &q, -1, why);
    if (r == -CONTROL_NEEDS_LISTENERS)
        return grant_with_sockets(c, &q, why);
    return r == -CONTROL_NEEDS_DIALLER ? grant_with_dialler(c, &q, why) : r;
}

/* As the requests about published ports have it. */
static int64_t port_grant_value(const struct port_grant *grant)
{
    return (int64_t)grant->outside << 16 | grant->inside;
}

static int publish(const struct change *c, struct buf *why)
{
    struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_PUBLISH };
    struct port_grant grant = { 0 };
    int r = port_grant_parse(c->asked->value, &grant, why);
    if (r < 0)
        return r;
    _cleanup_close_ int listener = publish_listen_beside(&grant, c->list, why);
    if (listener < 0)
        return listener;
    q.value = port_grant_value(&grant);
    return ask(c, &q, listener, why);
}

static int unpublish(const struct change *c, struct buf *why)
{
    struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_UNPUBLISH };
    struct port_grant grant = { 0 };
    int r = port_grant_parse(c->asked->value, &grant, why);
    if (r < 0)
        return r;
    q.value = port_grant_value(&grant);
    return ask(c, &q, -1, why);
}

static int carry_out(const struct change *c, struct buf *why)
{
    const struct option *o = c->asked->option;
    if (o == &options[OPTION_GRANT])
        return change_rule(c, CONTROL_GRANT, why);
    if (o == &options[OPTION_REVOKE])
        return change_rule(c, CONTROL_REVOKE, why);
    if (o == &options[OPTION_UNPUBLISH])
        return unpublish(c, why);
    return publish(c, why);
}

static int one(const struct change *c, struct json *j, int *status)
{
    _cleanup_buf_ struct buf why = { 0 }, line = { 0 };
    const char *name = c->asked->option->name;
    int r = carry_out(c, &why);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        *status = 1;
        int said = buf_printf(&line, "jail %s: --%s=%s: %s", c->jail->id, name, c->asked->value,
                              why.len ? why.data : strerror(-r));
        if (said < 0)
            return said;
        run_say(line.data);
    }
    json_object(j, NULL);
    json_string(j, "id", c->jail->id);
    json_string(j, "change", name);
    json_string(j, "value", c->asked->value);
    json_bool(j, "done", r >= 0);
    json_string(j, "error", r < 0 ? (why.len ? why.data : strerror(-r)) : NULL);
    json_end(j);
    return 0;
}

int change_main(const struct policy_request *request)
{
    _cleanup_jails_ struct jails list = { 0 };
    _cleanup_buf_ struct buf out = { 0 };
    struct change change = { .list = &list };
    int status = running_find_one(request, &list, &change.jail);
    if (status != 0)
        return status;
    struct json j = { .out = &out };
    json_array(&j, NULL);
    int r = 0;
    for (size_t i = 0; i < request->n_options && r >= 0; i++) {
        change.asked = &request->options[i];
        r = one(&change, &j, &status);
    }
    return running_answer(request, &j, r, status);
}
