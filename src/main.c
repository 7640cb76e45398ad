/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of modes and dispatch, nothing else. */
int main(void)
{
    return 125;
}
