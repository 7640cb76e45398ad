/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a microVM is started as, what its initramfs holds, and what its port may carry. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/frame.h"
#include "ipc/guest_config.h"
#include "microvm/command_line.h"
#include "microvm/initramfs.h"

static void says(const struct strv *list, const char *want)
{
    struct buf out = { 0 };
    for (size_t i = 0; i < list->n; i++)
        ck_assert_int_eq(buf_printf(&out, "%s%s", i ? " " : "", list->v[i]), 0);
    ck_assert_str_eq(out.data, want);
    buf_free(&out);
}

START_TEST(test_vmm)
{
    struct strv list = { 0 };
    struct vmm_wish wish = { .program = "/usr/bin/qemu-system-x86_64", .memory = 512, .cpus = 2, .tsc_khz = 2100000 };
    ck_assert_int_eq(vmm_command_line(&wish, &list), 0);
    says(&list, "/usr/bin/qemu-system-x86_64 -M microvm,acpi=on,memory-backend=memory -accel tcg,tb-size=64 -cpu max -m 512M "
                "-smp 2 -object memory-backend-memfd,id=memory,size=512M,share=on -nodefaults -no-user-config -no-reboot "
                "-display none -global virtio-mmio.force-legacy=false -kernel /microvm/kernel -initrd /microvm/initramfs "
                "-append console=ttyS0 quiet panic=-1 reboot=t cryptomgr.notests rdinit=/init tsc_early_khz=2100000 "
                "-chardev socket,id=console,fd=5 -serial chardev:console -chardev socket,id=files,fd=3 "
                "-device vhost-user-fs-device,chardev=files,tag=root -device virtio-serial-device "
                "-chardev socket,id=port,fd=4 -device virtserialport,chardev=port,name=agentjail "
                "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    strv_free(&list);
    ck_assert_int_eq(VMM_FD_FILES, 3);
    ck_assert_int_eq(VMM_FD_PORT, 4);
    ck_assert_int_eq(VMM_FD_CONSOLE, 5);
}
END_TEST

START_TEST(test_server)
{
    struct strv list = { 0 };
    struct server_wish wish = { .program = "/usr/lib/qemu/virtiofsd", .files = 4096 };
    ck_assert_int_eq(server_command_line(&wish, &list), 0);
    says(&list, "/usr/lib/qemu/virtiofsd --fd=3 --rlimit-nofile=4096 -o "
                "source=/export,sandbox=chroot,cache=auto,announce_submounts,"
                "modcaps=-chown:-dac_override:-fowner:-fsetid:-setgid:-setuid:-mknod:-setfcap");
    strv_free(&list);
    ck_assert_int_eq(SERVER_FD_LISTENER, 3);
}
END_TEST

START_TEST(test_cpio)
{
    static const char want[] = "070701" "00000000" "0000816d" "00000000" "00000000" "00000001" "00000000" "00000003"
                               "00000000" "00000000" "00000000" "00000000" "00000005" "00000000" "init\0\0abc\0";
    struct buf archive = { 0 };
    ck_assert_int_eq(cpio_add(&archive, "init", 0555, "abc", 3), 0);
    ck_assert_uint_eq(archive.len, sizeof(want) - 1);
    ck_assert_mem_eq(archive.data, want, archive.len);
    ck_assert_int_eq(cpio_end(&archive), 0);
    ck_assert_uint_eq(archive.len % 4, 0);
    buf_free(&archive);
}
END_TEST

START_TEST(test_frames)
{
    static const struct frame frames[] = {
        { .kind = FRAME_READY },
        { .kind = FRAME_DATA, .stream = 2, .len = 3, .data = (const uint8_t *)"abc" },
        { .kind = FRAME_END, .stream = 1 },
        { .kind = FRAME_ACK, .stream = 1, .value = 0x12345678 },
        { .kind = FRAME_SIGNAL, .value = 15 },
        { .kind = FRAME_EXITED, .value = 0xff00 },
    };
    uint8_t bytes[FRAME_HEAD + FRAME_DATA_MAX];
    for (size_t i = 0; i < ELEMENTSOF(frames); i++) {
        struct frame got;
        size_t len = frame_encode(&frames[i], bytes);
        ck_assert_int_eq(frame_decode(bytes, len, &got), (int)len);
        ck_assert_int_eq(frame_decode(bytes, len - 1, &got), 0);
        ck_assert_uint_eq(got.kind, frames[i].kind);
        ck_assert_uint_eq(got.stream, frames[i].stream);
        ck_assert_uint_eq(got.value, frames[i].value);
        ck_assert_uint_eq(got.len, frames[i].len);
    }
}
END_TEST

START_TEST(test_bad_frames)
{
    static const uint8_t bad[][8] = {
        { 0 },                            /* no kind */
        { FRAME_KINDS },                  /* none yet */
        { FRAME_DATA, 3, 1, 0 },          /* no such stream */
        { FRAME_DATA, 0, 0, 0 },          /* no data */
        { FRAME_DATA, 0, 1, 0x40 },       /* too much */
        { FRAME_READY, 1, 0, 0 },         /* has no stream */
        { FRAME_READY, 0, 1, 0 },         /* has nothing */
        { FRAME_ACK, 0, 3, 0 },           /* not a number */
    };
    struct frame got;
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert_int_eq(frame_decode(bad[i], sizeof(bad[i]), &got), -EBADMSG);
}
END_TEST

START_TEST(test_bad_config)
{
    struct guest_config config;
    char none[] = "", half[] = { 'a', 9, 0, 0, 0, 'x', '\0' }, open_end[] = { 'a', 1, 0, 0, 0, 'x', 'y' };
    char huge[] = { 'a', -1, -1, -1, -1, 'x', '\0' }, no_directory[] = { 'a', 1, 0, 0, 0, 'x', '\0' };
    ck_assert_int_eq(guest_config_read(none, 0, &config), -EBADMSG);
    ck_assert_int_eq(guest_config_read(half, sizeof(half), &config), -EBADMSG);
    ck_assert_int_eq(guest_config_read(open_end, sizeof(open_end), &config), -EBADMSG);
    ck_assert_int_eq(guest_config_read(huge, sizeof(huge), &config), -EBADMSG);
    ck_assert_int_eq(guest_config_read(no_directory, sizeof(no_directory), &config), -EBADMSG);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("microvm");
    TCase *tc = tcase_create("microvm");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_vmm);
    tcase_add_test(tc, test_server);
    tcase_add_test(tc, test_cpio);
    tcase_add_test(tc, test_frames);
    tcase_add_test(tc, test_bad_frames);
    tcase_add_test(tc, test_bad_config);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
