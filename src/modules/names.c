/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host names; see the header. libpsl tells whether a name is a public suffix, but not whether one lies below it
 * (s3.amazonaws.com below amazonaws.com): for that the list's text is read, which distributions ship beside it. */
#include "config.h"

#include "modules/names.h"

#include <errno.h>
#include <idn2.h>
#include <libpsl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define IDN_FLAGS (IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)

EXPORT const char agentjail_names_stamp[] = NAMES_STAMP;

EXPORT int agentjail_names_ascii(const char *name, char *out, size_t size, char *ret_text, size_t text_size)
{
    uint8_t *ascii = NULL;
    int r = idn2_lookup_u8((const uint8_t *)name, &ascii, IDN_FLAGS);
    if (r != IDN2_OK) {
        snprintf(ret_text, text_size, "is no international domain name: %s", idn2_strerror(r));
        return -EINVAL;
    }
    int n = snprintf(out, size, "%s", (const char *)ascii);
    idn2_free(ascii);
    if (n < 0 || (size_t)n >= size) {
        snprintf(ret_text, text_size, "is too long as an international domain name");
        return -EINVAL;
    }
    return 0;
}

static bool is_suffix(const char *name)
{
    psl_ctx_t *list = psl_latest(NULL);
    bool suffix = psl_is_public_suffix(list ? list : psl_builtin(), name) != 0;
    psl_free(list); /* does nothing to the built-in one */
    return suffix;
}

static bool is_below(const char *name, const char *parent)
{
    size_t len = strlen(name), parent_len = strlen(parent);
    return len > parent_len && name[len - parent_len - 1] == '.' && strcmp(name + len - parent_len, parent) == 0;
}

/* The rule of a line of the list, as ASCII, into out; false if there is none. See publicsuffix.org/list. */
static bool suffix_of_line(char *line, char *out, size_t size)
{
    line[strcspn(line, " \t\r\n")] = '\0';
    if (!*line || *line == '!' || strncmp(line, "//", 2) == 0)
        return false;
    if (strncmp(line, "*.", 2) == 0)
        line += 2;
    bool ascii = true;
    for (const char *p = line; *p; p++)
        ascii &= (unsigned char)*p < 0x80;
    if (ascii)
        return snprintf(out, size, "%s", line) < (int)size;
    char text[1];
    return agentjail_names_ascii(line, out, size, text, sizeof(text)) == 0;
}

static FILE *open_text(void)
{
    static const char *const paths[] = { "/usr/share/publicsuffix/public_suffix_list.dat",
                                         "/usr/share/publicsuffix/effective_tld_names.dat",
                                         "/usr/local/share/publicsuffix/public_suffix_list.dat" };
    FILE *file = NULL;
    for (size_t i = 0; !file && i < sizeof(paths) / sizeof(paths[0]); i++)
        file = fopen(paths[i], "re");
    return file;
}

/* A suffix below name, into out: 0 there is none, 1 there is, -errno it cannot be told. */
static int find_below(const char *name, char *out, size_t size)
{
    FILE *file = open_text();
    if (!file)
        return -ENOENT;
    int r = 0;
    size_t lines = 0;
    char line[512];
    while (r == 0 && fgets(line, sizeof(line), file)) {
        lines++;
        if (suffix_of_line(line, out, size) && is_below(out, name))
            r = 1;
    }
    if (r == 0 && (ferror(file) || lines < 1000)) /* cut off, or not the list at all */
        r = -ENOENT;
    fclose(file);
    return r;
}

EXPORT int agentjail_names_wildcard(const char *name, char *ret_text, size_t text_size)
{
    char below[256];
    if (is_suffix(name)) {
        snprintf(ret_text, text_size,
                 "anybody can register a name below %s (it is on the Public Suffix List); write the names that are "
                 "needed, or a wildcard below one of them",
                 name);
        return -EPERM;
    }
    int r = find_below(name, below, sizeof(below));
    if (r < 0) {
        snprintf(ret_text, text_size,
                 "whether anybody can register a name below %s cannot be told: the Public Suffix List's text is not in "
                 "/usr/share/publicsuffix; install publicsuffix (Fedora: publicsuffix-list), or write the names out",
                 name);
        return r;
    }
    if (r == 1) {
        snprintf(ret_text, text_size,
                 "anybody can register a name below %s, which is below %s (it is on the Public Suffix List); write the "
                 "names that are needed, or a narrower wildcard",
                 below, name);
        return -EPERM;
    }
    return 0;
}
