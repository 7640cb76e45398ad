/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key that a user's logs are signed with: a file of the user's state directory, which no jail sees, and its public
 * half beside it, to be handed to whoever checks. Made with the first use. */
#ifndef AGENTJAIL_EVIDENCE_KEY_H
#define AGENTJAIL_EVIDENCE_KEY_H

#include "evidence/crypto.h"

#define KEY_FILE "key"
#define KEY_PUBLIC_FILE "key.pub"

/* Read the key below dir, the directory of logs, or make it. 0 or -errno. The caller wipes it. */
int key_get(int dir, uint8_t ret_key[static KEY_SIZE]);

/* The public key below dir, in hex on the first line of its file. 0 or -errno. */
int key_get_public(int dir, uint8_t ret[static KEY_PUBLIC_SIZE]);

#endif
