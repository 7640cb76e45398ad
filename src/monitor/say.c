/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/say.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

void say(const char *text, const char *end)
{
    _cleanup_buf_ struct buf visible = { 0 }, out = { 0 };
    int r = buf_visible(&visible, text);
    const char *line = r >= 0 && visible.data ? visible.data : "";
    do {
        size_t len = strcspn(line, "\n");
        if (r >= 0)
            r = buf_printf(&out, "agentjail: %.*s%s\n", (int)len, line, end);
        line += len;
    } while (*line && *++line);
    fputs(r >= 0 ? out.data : "agentjail: out of memory\n", stderr); /* at once: nobody's line comes between */
}
