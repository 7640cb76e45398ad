/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "profile/net_names.h"

#include "modules/names.h"
#include "sys/library.h"
#include "sys/module.h"

#define NAMES_FILE "names.so"

/* A function of the module; NULL with a phrase in why. */
static void *symbol(const char *name, struct buf *why)
{
    void *module;
    _cleanup_buf_ struct buf text = { 0 };
    if (module_open(NAMES_FILE, NAMES_STAMP_SYMBOL, NAMES_STAMP, &module, &text) < 0) {
        buf_printf(why, "needs tables that are not here (%s); install the module (libpsl, libidn2), or write plain names",
                   text.data ? text.data : NAMES_FILE);
        return NULL;
    }
    void *function = library_symbol(module, name);
    if (!function)
        buf_printf(why, "needs %s, which is damaged: install it anew", NAMES_FILE);
    return function;
}

static int to_ascii(const char *name, char *out, struct buf *why)
{
    names_ascii_fn *ask;
    char text[256] = "";
    *(void **)&ask = symbol(NAMES_ASCII_SYMBOL, why);
    if (!ask)
        return -ENOENT;
    int r = ask(name, out, HOST_NAME_SIZE, text, sizeof(text));
    return r < 0 && buf_str(why, text) < 0 ? -ENOMEM : r;
}

static int check_wildcard(const char *name, struct buf *why)
{
    names_wildcard_fn *ask;
    char text[1024] = ""; /* names and words around them */
    _cleanup_buf_ struct buf missing = { 0 };
    *(void **)&ask = symbol(NAMES_WILDCARD_SYMBOL, &missing);
    if (!ask)
        return buf_printf(why, "a wildcard %s", missing.data ? missing.data : "") < 0 ? -ENOMEM : -ENOENT;
    int r = ask(name, text, sizeof(text));
    return r < 0 && buf_str(why, text) < 0 ? -ENOMEM : r;
}

const struct net_names net_names_module = { to_ascii, check_wildcard };
