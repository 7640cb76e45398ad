#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC1091
#
# The end-to-end suite's attacks on the rules of the payload's AppArmor profile, as root.
. "$MACHINE_SRCDIR/tests/machines/apparmor_lib.sh" >&2
TEST_LABEL=agentjail-payload exec "$MACHINE_SRCDIR/tests/system/run" --agentjail "$AGENTJAIL" \
    --unfenced "$AGENTJAIL_UNFENCED" --attacks "$AGENTJAIL_ATTACKS" --as-root --only '56-*'
