/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program without any library, which makes no call but to end, with status 7.
 * cflags: -static -nostdlib -ffreestanding -fno-stack-protector -O1
 */
#include <sys/syscall.h>

__attribute__((noreturn, used)) void _start(void);

void _start(void)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(SYS_exit), "D"(7) : "memory");
#elif defined(__aarch64__)
    register long status __asm__("x0") = 7;
    register long number __asm__("x8") = SYS_exit;
    __asm__ volatile("svc 0" : : "r"(status), "r"(number) : "memory");
#endif
    __builtin_unreachable();
}
