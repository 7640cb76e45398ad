/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.so: what only tables of Unicode (libidn2) and the Public Suffix List (libpsl) know about host names. Loaded by
 * the monitor when a rule has a wildcard or a name that is not ASCII, never otherwise: the two bring 2 MB with them. */
#ifndef AGENTJAIL_MODULES_NAMES_H
#define AGENTJAIL_MODULES_NAMES_H

#include <stddef.h>

/* What the module and the program that loads it must have in common; the number counts changes of this header. */
#define NAMES_STAMP PACKAGE_VERSION "/names-1"
#define NAMES_STAMP_SYMBOL "agentjail_names_stamp"
#define NAMES_ASCII_SYMBOL "agentjail_names_ascii"
#define NAMES_WILDCARD_SYMBOL "agentjail_names_wildcard"

extern const char agentjail_names_stamp[];

typedef int names_ascii_fn(const char *name, char *out, size_t size, char *ret_text, size_t text_size);
typedef int names_wildcard_fn(const char *name, char *ret_text, size_t text_size);

/* The A-labels of a UTF-8 name (IDNA 2008 with UTS 46, non-transitional), into out of size bytes. 0, or -EINVAL with a
 * phrase for people ("is no ...") in ret_text. */
names_ascii_fn agentjail_names_ascii;

/* May a rule have all names below this one (canonical)? 0; -EPERM with a sentence in ret_text if it is a public suffix or
 * has one below it; -ENOENT with a sentence if the list's text is not on this host. */
names_wildcard_fn agentjail_names_wildcard;

#endif
