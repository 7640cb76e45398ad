/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/publish_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/record.h"
#include "registry/control_client.h"
#include "registry/jails.h"

enum { BACKLOG = 128, ASK_MS = 2000 };

/* Does one of the records that a jail answers with say that it publishes the port? */
static bool has_port(char *records, uint16_t outside)
{
    char wanted[8];
    snprintf(wanted, sizeof(wanted), "%u", outside);
    for (char *line; (line = record_line(&records));) {
        const char *kind = record_next(&line);
        if (!kind || strcmp(kind, "publish") != 0 || !line)
            continue;
        const char *inside = record_next(&line);
        const char *port = inside && line ? record_next(&line) : NULL;
        if (port && strcmp(port, wanted) == 0)
            return true;
    }
    return false;
}

/* " by jail ID (PROFILE)", if one of ours publishes it. */
static bool find_jail(const struct jails *list, uint16_t outside, struct buf *why)
{
    const struct control_request q = { .version = CONTROL_VERSION, .kind = CONTROL_INSPECT };
    for (size_t i = 0; i < list->n; i++) {
        const struct jail *jail = &list->v[i];
        _cleanup_buf_ struct buf answer = { 0 };
        if (control_ask(list->dirs[jail->dir].fd, jail->id, jail->uid, &q, ASK_MS, &answer) < 0 || !answer.data)
            continue;
        if (!has_port(answer.data, outside))
            continue;
        (void)buf_printf(why, "jail %s (%s)", jail->id, jail->profile);
        return true;
    }
    return false;
}

static void explain(const struct port_grant *g, int error, const struct jails *list, struct buf *why)
{
    unsigned other = g->outside < 1024 ? g->outside + 8000U : g->outside < UINT16_MAX ? g->outside + 1U : g->outside - 1U;
    if (g->origin.file && g->origin.line && g->origin.line != ORIGIN_REASON)
        (void)buf_printf(why, "%s:%u: ", g->origin.file, g->origin.line);
    (void)buf_printf(why, "publish: port %u of this host's 127.0.0.1 ", g->outside);
    if (error == -EADDRINUSE) {
        (void)buf_str(why, "is taken by ");
        if (!find_jail(list, g->outside, why))
            (void)buf_str(why, "another program (ss -ltnp names it)");
    } else if (error == -EACCES || error == -EPERM) {
        (void)buf_str(why, "is for root alone (net.ipv4.ip_unprivileged_port_start)");
    } else {
        (void)buf_printf(why, "cannot be listened at: %s", strerror(-error));
    }
    (void)buf_printf(why, "; choose another, as %u:%u", g->inside, other);
}

static int listen_at(const struct port_grant *grant)
{
    static const int on = 1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(grant->outside),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* An earlier jail's connections may be in TIME_WAIT; who listens is not passed by. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0)
        return -errno;
    return TAKE_FD(fd);
}

int publish_listen_beside(const struct port_grant *grant, const struct jails *list, struct buf *why)
{
    int r = listen_at(grant);
    if (r < 0)
        explain(grant, r, list, why);
    return r;
}

int publish_listen(const struct port_grant *grant, const char *runtime_dir, const char *state_dir, struct buf *why)
{
    _cleanup_jails_ struct jails list = { 0 };
    int r = listen_at(grant);
    if (r >= 0)
        return r;
    if (r == -EADDRINUSE)
        (void)jails_find(runtime_dir, state_dir, false, &list);
    explain(grant, r, &list, why);
    return r;
}
