/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared libraries, opened at run time by who needs one. Two programs are linked from the same objects: agentjail, statically
 * where the C library allows it, because the dynamic linker takes a twelfth of a start; and agentjail-dynamic in $(pkglibdir),
 * which has a dynamic linker. In the static one whatever needs a library becomes the other program, which begins anew with
 * the same arguments; so nothing that lasts may have been done before. library_dl.c is the dynamic program's, and of an
 * agentjail that is linked dynamically; library_static.c the static one's. */
#ifndef AGENTJAIL_SYS_LIBRARY_H
#define AGENTJAIL_SYS_LIBRARY_H

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* The file in the directory of modules. */
#define LIBRARY_PROGRAM "agentjail-dynamic"

/* First of all in main(): its argv, which stays as it is. */
void library_begin(char **argv);

/* What has been done that is to be undone before the program begins anew: child (0: none), a process to be killed, and
 * the signal mask that was found (NULL: unchanged), which is copied. */
void library_began(pid_t child, const sigset_t *mask);

/* The command is about to start: from here on nothing begins anew, and what needs a library fails. */
void library_begun(void);

/* A library will be needed: from here on the program is one that can open it. 0, or -errno with a line for people in why. */
int library_needed(struct buf *why);

/* dlopen(3). file: a path, or a name to be searched for. NULL with a phrase in why. Close it with library_close(). */
void *library_open(const char *file, struct buf *why);

/* dlsym(3): where the symbol is, as long as the library is open; NULL if it has none of that name. */
void *library_symbol(void *library, const char *name);

/* dlclose(3). */
void library_close(void *library);

/* The path of the library that the function at address comes from, or NULL. */
const char *library_of(const void *address);

/* getpwuid(3), which opens what nsswitch.conf(5) names: the entry, valid until the next call, or NULL. */
const struct passwd *library_user(uid_t uid);

/* Whether this program is one of the pair whose other half is at path. */
bool library_paired(const char *path);

/* An O_PATH descriptor, the caller's, of a program that can open libraries: the one that runs, whatever an upgrade has put in
 * its place, or agentjail-dynamic. Or -errno. */
int library_program(void);

#endif
