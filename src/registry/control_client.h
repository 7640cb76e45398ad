/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking a running jail's monitor. */
#ifndef AGENTJAIL_REGISTRY_CONTROL_CLIENT_H
#define AGENTJAIL_REGISTRY_CONTROL_CLIENT_H

#include <sys/types.h>

#include "base/buf.h"
#include "ipc/control.h"

/* An answer of more bytes than this is refused. */
#define CONTROL_ANSWER_MAX (16U << 20)

/* Send one request to the jail ID of the registry directory dir, which is uid's, and wait for the answer, timeout_ms at
 * most in all. 0 with the answer's text (which a hostile user may have made, where uid is not ours); -errno as the
 * monitor answered, with its line for people in text; or when nobody answers: -ENOENT (no socket), -ECONNREFUSED,
 * -ETIMEDOUT, -EPIPE (refused to speak with us), -EBADMSG, then with nothing in text. */
int control_ask(int dir, const char *id, uid_t uid, const struct control_request *request, int timeout_ms, struct buf *text);

/* The same, with a descriptor that goes along. */
int control_ask_with(int dir, const char *id, uid_t uid, const struct control_request *request, int fd, int timeout_ms,
                     struct buf *text);

#endif
