#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The end-to-end suite's cases about the network on this machine's kernel, as an ordinary user: through proxies, published
# ports, changes to running jails, hosts that lack something. The gateway's own is in system-user.
exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" --unfenced "$AGENTJAIL_UNFENCED" \
    --attacks "$AGENTJAIL_ATTACKS" --user "$AGENTJAIL_TEST_USER" --only '@(47-upstream|48-publish|49-*)'
