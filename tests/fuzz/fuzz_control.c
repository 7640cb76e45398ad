/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of the monitor's control socket: what a client sends once it may ask. Properties: only requests of this version and of
 * a known kind are served, in the stages that they are permitted in; their text ends; anything else ends the client. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "packets.h"
#include "registry/control.h"

enum { STAGE = 2, OTHER_STAGE = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int serve(void *monitor, const struct control_request *q, int *fd, struct buf *answer)
{
    unsigned *served = monitor;
    if (q->version != CONTROL_VERSION || !memchr(q->text, '\0', sizeof(q->text)) || *fd >= 0)
        abort();
    (*served)++;
    if (q->kind == CONTROL_FREEZE)
        return CONTROL_LATER;
    return q->kind == CONTROL_INSPECT ? buf_str(answer, q->text) : -1;
}

static int serve_never(void *monitor, const struct control_request *q, int *fd, struct buf *answer)
{
    (void)monitor, (void)q, (void)fd, (void)answer;
    abort();
}

static const struct control_row rows[CONTROL_KINDS] = {
    [CONTROL_INSPECT] = { 1U << STAGE, false, serve },
    [CONTROL_END] = { 1U << STAGE, false, serve },
    [CONTROL_KILL] = { 1U << OTHER_STAGE, false, serve_never },
    [CONTROL_FREEZE] = { 1U << STAGE, false, serve },
    [CONTROL_PUBLISH] = { 1U << STAGE, true, serve },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control control;
    struct packets p;
    unsigned served = 0, sent = 0;
    packets_begin(&p, data, size);
    control_init(&control);
    control.clients[0] = (struct control_client){ .fd = p.near, .state = CLIENT_ASKING, .until = 1000 };
    while (control.clients[0].fd >= 0 && packets_next(&p)) {
        struct pollfd fds[CONTROL_POLLFDS];
        sent++;
        for (int turn = 0; turn < 3; turn++) {
            static char answer[sizeof(struct control_answer)];
            control_pollfds(&control, fds);
            (void)poll(fds, CONTROL_POLLFDS, 0);
            control_handle(&control, fds, 1, rows, STAGE, &served);
            while (recv(p.far, answer, sizeof(answer), MSG_DONTWAIT) > 0)
                ;
        }
        control_finish(&control, CONTROL_FREEZE, 0, "frozen", 1);
    }
    if (served > sent)
        abort();
    control_close(&control);
    close(p.far);
    return 0;
}
