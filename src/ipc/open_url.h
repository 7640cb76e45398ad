/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that the payload wants opened in the host's browser. The opener (opener/open.c), which runs as the payload and is
 * believed as little, connects to the gateway at OPEN_URL_ADDRESS:OPEN_URL_PORT (gateway/opener.c), and says
 *
 *   opener   the address, up to WEB_URL_MAX bytes, and a line feed
 *   gateway  "0\n" once it was opened, or a line why it was not; then it closes
 *
 * The gateway passes the address on (GATEWAY_OPEN), the monitor reads and judges it (monitor/open_url.c), asks the user, and
 * answers with one of these (ORDER_OPENED). */
#ifndef AGENTJAIL_IPC_OPEN_URL_H
#define AGENTJAIL_IPC_OPEN_URL_H

/* Of the block that synthetic addresses are from (gateway/names.h), below the first of them. */
#define OPEN_URL_ADDRESS "198.18.0.1"
#define OPEN_URL_PORT 2

enum open_result {
    OPEN_DONE = 1,
    OPEN_REFUSED,    /* the user said no */
    OPEN_UNANSWERED, /* nobody said anything in time */
    OPEN_NOBODY,     /* there is nobody who could be asked */
    OPEN_NO_URL,     /* it is no web address, or one that hides where it leads */
    OPEN_DENIED,     /* a rule of the policy's denies its host */
    OPEN_NOT_PUBLIC, /* open-url = allow, and it leads to a place of the local network */
    OPEN_PORT,       /* the port that it names cannot be published */
    OPEN_BUSY,       /* another is under way, or there were too many */
    OPEN_NO_BROWSER, /* the host has no program to open it with, or it failed */
    OPEN_RESULTS,
};

#endif
