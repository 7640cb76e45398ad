/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "bwrap/message.h"
#include "bwrap/monitor.h"

int bwrap_refuse(const struct bwrap_run *run, const char *text)
{
    bwrap_say(&run->args, text);
    return 1;
}

int bwrap_refuse_errno(const struct bwrap_run *run, const char *what, int error)
{
    char text[512];
    snprintf(text, sizeof(text), "%s: %s", what, strerror(-error));
    return bwrap_refuse(run, text);
}
