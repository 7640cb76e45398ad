#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The end-to-end suite on this machine's kernel, as an ordinary user. A host tries 200 kills, emulation a few; and the large
# programs and floods of connections, which ask nothing more of the kernel than the small ones, are left to the host.
KILLS=20 NET_BYTES=67108864 exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" --unfenced "$AGENTJAIL_UNFENCED" \
    --attacks "$AGENTJAIL_ATTACKS" --user "$AGENTJAIL_TEST_USER" --only '@([1-3]*|40-*|45-*|[5-7]*|80-*|82-*|86-*|88-*|90-*)'
