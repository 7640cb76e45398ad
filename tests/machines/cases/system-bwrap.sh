#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The end-to-end suite's cases in bubblewrap's place on this machine's kernel, as an ordinary user.
exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" --unfenced "$AGENTJAIL_UNFENCED" \
    --attacks "$AGENTJAIL_ATTACKS" --user "$AGENTJAIL_TEST_USER" --only '@(92-bwrap-words|93-bwrap-*)'
