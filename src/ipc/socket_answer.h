/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a process answers that makes sockets for the gateway (ipc/inward.h, ipc/dialler.h). */
#ifndef AGENTJAIL_IPC_SOCKET_ANSWER_H
#define AGENTJAIL_IPC_SOCKET_ANSWER_H

#include <stdint.h>

struct socket_answer {
    uint32_t number; /* as the request has it */
    int32_t error;   /* 0, and a TCP socket that connects comes along; or an errno */
};

#endif
