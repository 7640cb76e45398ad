#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The end-to-end suite's cases about running jails, profiles, refusals and records on this machine's kernel, as an ordinary
# user.
exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" --unfenced "$AGENTJAIL_UNFENCED" \
    --attacks "$AGENTJAIL_ATTACKS" --user "$AGENTJAIL_TEST_USER" --only '@(89-*|93-profiles|94-json|95-why|96-at-exit|96-evidence)'
