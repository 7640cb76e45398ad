/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_out.h"

const char *explain_colour(const struct explain *e, const char *code)
{
    return e->colour ? code : "";
}

void explain_add(struct explain *e, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool c1 = p[0] == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0; /* U+0080 to U+009F */
        if (*p < 0x20 || *p == 0x7F || *p == '\\' || c1)
            ADD(e, "\\%03o", *p);
        else
            ADD(e, "%c", *p);
    }
}
