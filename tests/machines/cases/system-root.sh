#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The end-to-end suite on this machine's kernel, as root.
exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" --unfenced "$AGENTJAIL_UNFENCED" \
    --attacks "$AGENTJAIL_ATTACKS" --as-root
