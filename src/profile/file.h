/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening configuration: regular files and directories that nobody else may write. */
#ifndef AGENTJAIL_PROFILE_FILE_H
#define AGENTJAIL_PROFILE_FILE_H

#include "profile/load.h"

/* Open a directory of configuration; *ret_fd is -1 if it does not exist. -EPERM if others may write it or the directory
 * it lies in (unless trusted). */
int config_dir_open(struct merge *m, const char *path, bool trusted, int *ret_fd);

/* Names of the files below fd that end in ".ini" and do not begin with a dot, sorted by bytes. ret_others (may be NULL): of
 * what does not, and of directories that end so, in no order; both to be freed, also on failure. 0 or -errno with a message. */
int config_dir_list(struct merge *m, int fd, const char *path, struct strv *ret_names, struct strv *ret_others);

/* Read a file below fd (AT_FDCWD) into text; -ENOENT without a message if it does not exist. trusted: as above.
 * ret_real (may be NULL) is the file's real path, of the arena. */
int config_file_read(struct merge *m, int fd, const char *name, const char *file, bool trusted, struct buf *text,
                     const char **ret_real);

#endif
