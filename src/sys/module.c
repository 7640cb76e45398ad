/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "sys/module.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sys/build_tree.h"
#include "sys/library.h"

int module_path(const char *file, struct buf *ret_path)
{
    const char *dir = PKGLIBDIR;
#ifdef AGENTJAIL_BUILDDIR
    if (in_build_tree())
        dir = AGENTJAIL_BUILDDIR;
#endif
    return buf_printf(ret_path, "%s/%s", dir, file);
}

bool module_exists(const char *file)
{
    _cleanup_buf_ struct buf path = { 0 };
    return module_path(file, &path) == 0 && access(path.data, R_OK) == 0;
}

int module_open(const char *file, const char *stamp_symbol, const char *stamp, void **ret_module, struct buf *why)
{
    _cleanup_buf_ struct buf path = { 0 };
    int r = module_path(file, &path);
    if (r < 0)
        return r;
    _cleanup_buf_ struct buf text = { 0 };
    void *module = library_open(path.data, &text);
    if (!module) {
        buf_printf(why, "cannot load the module %s: %s", file, text.data ? text.data : "out of memory");
        return -ENOENT;
    }
    const char *found = library_symbol(module, stamp_symbol);
    if (!found || strcmp(found, stamp) != 0) {
        buf_printf(why, "%s is of version %.40s, this program of %s: install both anew", path.data,
                   found ? found : "unknown", stamp);
        library_close(module);
        return -ELIBBAD;
    }
    *ret_module = module;
    return 0;
}
