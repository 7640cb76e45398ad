/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages between the monitor and the jail's init over a SOCK_SEQPACKET pair, made before the clone.
 *
 *   message         from     payload                                   permitted
 *   MSG_FAILED      jail     code = errno (ESTALE: try again) or 0,    until MSG_STARTED
 *                            text for people; EOF
 *   MSG_FILE        monitor  value = 0, 1 or 2; fd: what that file is    before MSG_BUILD
 *   MSG_GATEWAY     monitor  fd: where the gateway expects listeners,  once, before MSG_BUILD, if there is one
 *                            and asks for sockets (ipc/inward.h)
 *   MSG_OBSERVE     monitor  fd: where what the payload does is told    once, before MSG_BUILD, if init serves its calls
 *                            (ipc/observed.h)
 *   MSG_MICROVM     monitor  value = 0: the kernel's image, 1: the       each once, before MSG_BUILD, with backend = microvm
 *                            initramfs; fd: it
 *   MSG_BUILD       monitor  - ; jail/handover.h has everything          once
 *   MSG_VIEW        jail     fd: the jail's mount namespace            once, first, if the plan is watched
 *   MSG_READY       jail     fd: pty master if one was asked for       once, if a MSG_GO was asked for
 *   MSG_GO          monitor  -                                         once, after MSG_READY (cgroup attached)
 *   MSG_STARTED     jail     value = pid of the payload in the jail    once, payload's execve succeeded
 *   MSG_NOEXEC      jail     value = errno, code = 126 or 127          instead of MSG_STARTED
 *   MSG_STOPPED     jail     value = signal                            after MSG_STARTED, any number
 *   MSG_EXITED      jail     value = wait status                       once, last; init ends with the channel
 *   MSG_LOST        jail     value = index of the plan's operation,    after MSG_STARTED; payload is frozen, unless code
 *                            code = 0 or errno as MSG_FROZEN's
 *   MSG_MENDED      monitor  value = the same index                    after MSG_LOST: thaw, unless MSG_FREEZE holds
 *   MSG_FREEZE      monitor  -                                         after MSG_STARTED, any number; answer: MSG_FROZEN
 *   MSG_THAW        monitor  -                                         after MSG_FREEZE: thaw, unless MSG_LOST holds
 *   MSG_FROZEN      jail     code = 0: nothing of the payload's runs   after MSG_FREEZE; code EBUSY any time while frozen:
 *                            or errno (EBUSY: it does not stay stopped)  the monitor ends the jail or its cgroup holds it
 *   MSG_PUBLISH     monitor  value = a port that the gateway may have  after MSG_STARTED, any number
 *                            sockets to
 *   MSG_UNPUBLISH   monitor  value = a port that it may no longer      the same
 *   MSG_SIGNAL      monitor  value = signal for the payload's group    after MSG_STARTED
 *   MSG_FOREGROUND  monitor  value = 1: payload is the pty's foreground group, 0: background; then SIGCONT to it
 *   MSG_END         monitor  -                                         kill everything and exit
 *
 * A message that is not permitted, or a size that is not that of struct message, ends the sender: the monitor kills the
 * jail, init exits (which ends the jail). EOF on either side ends the jail. */
#ifndef AGENTJAIL_IPC_CHANNEL_H
#define AGENTJAIL_IPC_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

enum message_kind {
    MSG_FAILED = 1,
    MSG_FILE,
    MSG_GATEWAY,
    MSG_OBSERVE,
    MSG_MICROVM,
    MSG_BUILD,
    MSG_VIEW,
    MSG_READY,
    MSG_GO,
    MSG_STARTED,
    MSG_NOEXEC,
    MSG_STOPPED,
    MSG_EXITED,
    MSG_LOST,
    MSG_MENDED,
    MSG_FREEZE,
    MSG_THAW,
    MSG_FROZEN,
    MSG_PUBLISH,
    MSG_UNPUBLISH,
    MSG_SIGNAL,
    MSG_FOREGROUND,
    MSG_END,
    MSG_KINDS,
};

#define MESSAGE_TEXT_MAX 512

struct message {
    uint32_t kind;
    int32_t code;
    int64_t value;
    char text[MESSAGE_TEXT_MAX]; /* NUL-terminated, MSG_FAILED only; sent short when empty */
};

/* Make the pair; 0 or -errno. Both ends O_CLOEXEC. */
int channel_pair(int *ret_monitor, int *ret_jail);

/* Send m, and fd with it unless -1. Blocks; never raises SIGPIPE. 0 or -errno (-EPIPE: the peer is gone). */
int channel_send(int channel, const struct message *m, int fd);

/* Receive one message; *ret_fd is the fd that came with it or -1, O_CLOEXEC, owned by the caller. More than one fd, a
 * kind out of range, or a wrong size is -EBADMSG; end of file is -EPIPE. */
int channel_receive(int channel, struct message *ret_m, int *ret_fd);

#endif
