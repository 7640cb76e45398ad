/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modules: heavy libraries, loaded from $(pkglibdir) by the one process that needs them. The binary in a build tree takes
 * that tree's, an installed one never does. */
#ifndef AGENTJAIL_SYS_MODULE_H
#define AGENTJAIL_SYS_MODULE_H

#include <stdbool.h>

#include "base/buf.h"

/* Where that file of $(pkglibdir) is: path is the caller's. 0 or -ENOMEM. */
int module_path(const char *file, struct buf *ret_path);

/* True if the module of that file name ("names.so") can be read. */
bool module_exists(const char *file);

/* Load it for the rest of the process's life, and compare its stamp, the string of that symbol: a module of another
 * version is refused. 0 with a handle for library_symbol(), or -ENOENT or -ELIBBAD with a line for people in why. */
int module_open(const char *file, const char *stamp_symbol, const char *stamp, void **ret_module, struct buf *why);

#endif
