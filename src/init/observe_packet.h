/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One event for the monitor (ipc/observed.h) while init puts it together. Internal to this folder. */
#ifndef AGENTJAIL_INIT_OBSERVE_PACKET_H
#define AGENTJAIL_INIT_OBSERVE_PACKET_H

#include "init/guard_asker.h"
#include "ipc/observed.h"

/* Texts come in the order of their kinds. */
struct packet {
    struct observed head;
    size_t len; /* of data */
    char data[OBSERVED_DATA_MAX];
};

/* An event of that kind, now. a: whose call it is; NULL: nobody's. Its outcome is not known. */
void packet_begin(struct packet *k, struct asker *a, enum observed_kind kind);

/* The next text, of at most OBSERVED_NAME_MAX bytes with the NUL. */
void packet_add(struct packet *k, enum observed_text which, const char *text);

/* The same, what a symlink of that process in /proc leads to ("exe"); nothing if it cannot be read. */
void packet_add_link(struct packet *k, enum observed_text which, const struct guard *g, pid_t pid, const char *name);

/* The words at that address of the asker's memory, as far as they have room. */
void packet_add_argv(struct packet *k, const struct asker *a, uint64_t address);

/* The same of our own. */
void packet_add_own_argv(struct packet *k, char *const *argv);

/* The text that was added, or NULL. */
const char *packet_text(const struct packet *k, enum observed_text which);

#endif
