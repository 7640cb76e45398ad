/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that does nothing and ends well: what the attacks on noexec try to run.
 * cflags: -static
 */
int main(void)
{
    return 0;
}
