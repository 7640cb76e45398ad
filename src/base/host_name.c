/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/host_name.h"

#include <errno.h>
#include <string.h>

#include "base/ip.h"

/* The byte as it stands in a canonical name; 0 if it cannot. */
static char canonical_byte(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : '\0';
}

static const char *bad_byte(char c)
{
    unsigned char byte = (unsigned char)c;
    if (byte == 0)
        return "has a NUL byte";
    if (byte < 0x20 || byte == 0x7f)
        return "has a control character";
    if (byte >= 0x80)
        return "is not ASCII";
    return c == ' ' ? "has a space" : "has a character that host names do not have";
}

static const char *bad_label(const char *label, size_t len)
{
    if (len == 0)
        return "has an empty label";
    if (len > HOST_LABEL_MAX_LEN)
        return "has a label of more than 63 bytes";
    return label[0] == '-' || label[len - 1] == '-' ? "has a label that begins or ends with '-'" : NULL;
}

int host_name_canonical(const char *text, size_t len, char *out, const char **ret_why)
{
    char name[HOST_NAME_SIZE];
    const char *why = NULL;
    if (len && text[len - 1] == '.')
        len--;
    if (len == 0)
        why = "is empty";
    else if (len > HOST_NAME_MAX_LEN)
        why = "has more than 253 bytes";

    for (size_t i = 0, label = 0; !why && i <= len; i++) {
        if (i < len && text[i] != '.') {
            name[i] = canonical_byte(text[i]);
            if (!name[i])
                why = bad_byte(text[i]);
            continue;
        }
        why = bad_label(text + label, i - label);
        name[i] = i < len ? '.' : '\0';
        label = i + 1;
    }
    if (!why && ip_looks_like_number(name))
        why = "is a number, which some programs read as an address";
    if (why) {
        *ret_why = why;
        return -EINVAL;
    }
    memcpy(out, name, len + 1);
    return 0;
}

bool host_name_below(const char *name, const char *parent)
{
    size_t len = strlen(name), parent_len = strlen(parent);
    return len > parent_len + 1 && name[len - parent_len - 1] == '.' &&
           memcmp(name + len - parent_len, parent, parent_len) == 0;
}
