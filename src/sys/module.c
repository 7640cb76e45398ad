/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "sys/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>

#ifdef AGENTJAIL_BUILDDIR
/* The build tree's modules count only for a binary of that very tree. */
static bool in_build_tree(void)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    size_t len = strlen(AGENTJAIL_BUILDDIR);
    return strncmp(exe, AGENTJAIL_BUILDDIR, len) == 0 && exe[len] == '/';
}
#endif

static int module_path(const char *file, struct buf *ret_path)
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
    void *module = dlopen(path.data, RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        buf_printf(why, "cannot load the module %s: %s", file, dlerror());
        return -ENOENT;
    }
    const char *found = dlsym(module, stamp_symbol);
    if (!found || strcmp(found, stamp) != 0) {
        buf_printf(why, "%s is of version %.40s, this program of %s: install both anew", path.data,
                   found ? found : "unknown", stamp);
        dlclose(module);
        return -ELIBBAD;
    }
    *ret_module = module;
    return 0;
}
