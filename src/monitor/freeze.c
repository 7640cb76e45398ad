/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor/freeze.h"

#include <errno.h>
#include <string.h>

#include "host/cgroup.h"
#include "monitor/account.h"
#include "monitor/loop.h"

int loop_freeze(struct loop *l)
{
    if (l->stage != STAGE_RUNNING || l->killed)
        return -ESRCH;
    if (l->freeze != FREEZE_NONE)
        return 0;
    l->freeze = FREEZE_ASKED;
    loop_tell(l, MSG_FREEZE, 0);
    return 0;
}

void loop_thaw(struct loop *l)
{
    if (l->freeze == FREEZE_NONE)
        return;
    l->freeze = FREEZE_NONE;
    account_life(l, ACTIVITY_THAW, NULL);
    registry_set_state(l->s->registry, JAIL_RUNNING); /* a list may be out of date where that cannot be written */
    control_finish(&l->control, CONTROL_FREEZE, ECANCELED, "it was thawed meanwhile", loop_now());
    loop_tell(l, MSG_THAW, 0); /* first: init, frozen along with the group, looks for lost mounts as soon as it runs */
    loop_release(l);
}

bool loop_hold(struct loop *l, int code)
{
    if (code == 0 || l->grouped)
        return true;
    if (cgroup_freeze(l->s->cgroup, true) == 0) {
        l->grouped = true;
        return true;
    }
    l->ended_by = code == EBUSY ? "something in the jail does not stay stopped, as it has to while the jail is frozen; "
                                  "the jail is ended"
                                : "it cannot be seen whether the jail is frozen, as it has to be; the jail is ended";
    control_finish(&l->control, CONTROL_FREEZE, code, "it cannot be kept frozen; it is ended", loop_now());
    loop_kill(l);
    return false;
}

void loop_release(struct loop *l)
{
    if (!l->grouped || l->freeze != FREEZE_NONE || l->lost != SIZE_MAX)
        return;
    cgroup_freeze(l->s->cgroup, false);
    l->grouped = false;
}

int loop_on_frozen(struct loop *l, const struct message *m)
{
    if (m->code < 0)
        return -EBADMSG;
    if (m->code == 0 && l->freeze == FREEZE_NONE)
        return 0; /* thawed again meanwhile */
    if (l->freeze == FREEZE_NONE && l->lost == SIZE_MAX)
        return 0;
    if (!loop_hold(l, m->code) || l->freeze != FREEZE_ASKED)
        return 0;
    l->freeze = FREEZE_DONE;
    account_life(l, ACTIVITY_FREEZE, NULL);
    registry_set_state(l->s->registry, JAIL_FROZEN);
    control_finish(&l->control, CONTROL_FREEZE, 0, NULL, loop_now());
    return 0;
}
