/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AGENTJAIL_SYS_FDS_H
#define AGENTJAIL_SYS_FDS_H

#include <stddef.h>

/* Close every descriptor from first on but the n in keep (sorted here; -1 counts for nothing). 0 or -errno. */
int fds_close_others(int first, int *keep, size_t n);

#endif
