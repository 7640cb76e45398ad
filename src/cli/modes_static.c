/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/modes.h"

#include "cli/help.h"
#include "cli/run.h"

void modes_begin(int argc, char **argv)
{
    (void)argc;
    (void)argv;
}

mode_main *mode_find(enum mode mode)
{
    return mode == MODE_RUN ? run_main : mode == MODE_VERSION ? version_main : mode == MODE_HELP ? help_main : NULL;
}
