/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a log of so many file events as a monitor does, in batches of 50: evidence STATE-DIRECTORY NUMBER. Prints what a
 * record costs its monitor, in us of processor time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "evidence/evidence.h"

static int write_log(struct evidence *e, int n)
{
    char path[128];
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "/home/user/project/src/module%d/file%d.c", i % 100, i);
        struct event event = { .kind = EVENT_FILE, .activity = ACTIVITY_WRITE, .source = SOURCE_INIT, .verified = true,
                               .mode = 0644, .pid = 100 + i % 50, .exe = "/usr/bin/python3.11", .path = path, .flags = 0x241,
                               .rule = { "/usr/share/agentjail/profiles/default.ini", 12 } };
        int r = evidence_record(e, &event);
        if (r < 0)
            return r;
        if (i % 50 == 49)
            evidence_flush(e);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct buf why = { 0 };
    struct timespec t;
    struct evidence e = EVIDENCE_EMPTY;
    if (argc != 3)
        return 2;
    struct policy policy = { .name = (char *)"bench", .state_dir = argv[1], .evidence_sink = EVIDENCE_FILE,
                             .evidence_full = EVIDENCE_STOP };
    int n = atoi(argv[2]);
    evidence_begin(&e, &policy, "0badcafe");
    if (evidence_open(&e, &why) < 0 || write_log(&e, n) < 0)
        return fprintf(stderr, "%s\n", why.data ? why.data : "the log cannot be written"), 1;
    evidence_end(&e);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    printf("%.2f\n", ((double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3) / n);
    return e.failed;
}
