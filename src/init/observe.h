/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. What the payload does with files and programs is told to the monitor, by the same process that serves
 * its calls, and in the same moment:
 *
 *  - what init performs is told by the very directory and name that were used, with the answer: no thread of the payload's can
 *    make that false ("verified").
 *  - what goes back to the kernel, as programs that are run, files that are opened to be read, modes and attributes, is looked
 *    at only: another thread may put another path there in between. Of programs observe_runs.h sees what came of it.
 *
 * What a rule refuses is told at every level (observe_refusals.h).
 *
 * The event is put together before the caller goes on, and sent when it does; one of a file that is opened to be read a few
 * milliseconds later, with others (observe_queue.h). The socket is the bounded buffer between the two
 * processes: where the monitor is behind the payload waits, and after a while events are lost, which is counted and told. */
#ifndef AGENTJAIL_INIT_OBSERVE_H
#define AGENTJAIL_INIT_OBSERVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct asker;
struct answer;
struct denial;
struct guard;
struct place;

enum { OBSERVE_PLACES = 2 };

struct observe {
    int channel;   /* ipc/observed.h; -1: nothing is told */
    bool writes;   /* beside what is refused, which always is: what is changed and run, */
    bool reads;    /* and files that are opened to be read, */
    bool missing;  /* and those that are not there, or may not be looked at */
    uint32_t lost; /* events that the monitor did not take */
    unsigned n_places;
    struct {
        char path[PATH_MAX + NAME_MAX + 2];
        bool looked, there; /* was it looked whether something is there, and was it? */
    } places[OBSERVE_PLACES]; /* where the call's paths lead */
    char nameless[64];      /* of a file without a name: what it is known by */
    struct packet *packet;  /* what is told when the call is answered; its kind is 0: nothing */
    struct runs *runs;
    struct refusals *refusals;
    struct who *who;
    struct queue *queue;    /* files that were opened to be read, not told yet */
};

/* Nothing is told yet. */
void observe_init(struct observe *o);

/* Tell what is served from now on by channel: what is refused; writes: what is changed and run, too; reads: files that are
 * opened to be read, too. */
void observe_start(struct observe *o, int channel, bool writes, bool reads);

/* The payload runs its first program since just now, and nothing of its has been served yet. */
void observe_first(struct observe *o, const struct guard *g, pid_t pid, char *const *argv, const char *directory);

/* A call comes: forget the last one's places. */
void observe_begin(struct observe *o);

/* Its next path leads there. looked: for what is there, too. */
void observe_place(struct observe *o, const struct place *p, bool looked);

/* Its next path is this text of a symbolic link. */
void observe_text(struct observe *o, const char *text);

/* It has opened a file without a name in the place, as fd. */
void observe_nameless(struct observe *o, const struct guard *g, int fd);

/* Is it one that is only looked at? Then look: it is to go back to the kernel. */
bool observe_look(struct observe *o, struct asker *a);

/* Where the path of an execve(2) leads: as guard_place_find() has it. */
int observe_find_run(struct asker *a, struct place *p);

/* It would have run the program at p, for a script or NULL, which is refused with EACCES by that rule (OBSERVED_UNRUN's). */
void observe_refused_run(struct observe *o, struct asker *a, const struct place *p, const char *script, int rule);

/* The payload's filter denies it. */
void observe_denied(struct observe *o, struct asker *a, const struct denial *denial);

/* It was performed with that answer, which the asker does not have yet. */
void observe_done(struct observe *o, struct asker *a, const struct answer *answer);

/* The asker has its answer: tell what there is. went: it was still there. */
void observe_tell(struct observe *o, const struct asker *a, bool went);

/* Tell what waits to be told. */
void observe_flush(struct observe *o);

/* Milliseconds until observe_tick() is due, -1: never. */
int observe_interval(const struct observe *o);

/* Tell what has been kept for long enough. all: everything, at the end. */
void observe_tick(struct observe *o, const struct guard *g, bool all);

#endif
