#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A part of the whole end-to-end suite on this machine's kernel (tests/machines/run --whole), as the user that the machine is
# named after. The flood of connections is a tenth of a host's, which has to pass within a host's patience.
who="--user $AGENTJAIL_TEST_USER"
[ "${MACHINE#root-}" = "$MACHINE" ] || who=--as-root
# shellcheck disable=SC2086
PATIENCE=10 NET_FLOOD=10000 exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" --unfenced "$AGENTJAIL_UNFENCED" \
    --attacks "$AGENTJAIL_ATTACKS" ${AGENTJAIL_AGENTS:+--agents "$AGENTJAIL_AGENTS"} $who --only "$MACHINE_SUITE"
