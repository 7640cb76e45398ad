/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "microvm/command_line.h"

#include "base/buf.h"
#include "ipc/frame.h"

static const char files_device[] = "vhost-user-fs-device,chardev=files,tag=" GUEST_ROOT_TAG;
static const char port_device[] = "virtserialport,chardev=port,name=" FRAME_PORT;
static const char server_options[] = "source=" MICROVM_EXPORT ",sandbox=chroot,cache=auto,announce_submounts,"
                                "modcaps=-chown:-dac_override:-fowner:-fsetid:-setgid:-setuid:-mknod:-setfcap";

static int add_list(struct strv *list, const char *const *words, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = strv_add(list, words[i]);
    return r;
}

/* microvm's devices are virtio-mmio's, which Debian's kernels find by ACPI only; force-legacy kills virtiofsd. A guest kernel
 * under TCG measures its clock against a slow one, and at times waits 20 s for it: it is told. */
int vmm_command_line(const struct vmm_wish *wish, struct strv *ret)
{
    _cleanup_buf_ struct buf memory = { 0 }, object = { 0 }, cpus = { 0 }, kernel = { 0 };
    int r = buf_printf(&memory, "%uM", wish->memory);
    if (r >= 0)
        r = buf_printf(&object, "memory-backend-memfd,id=memory,size=%uM,share=on", wish->memory);
    if (r >= 0)
        r = buf_printf(&cpus, "%u", wish->cpus);
    if (r >= 0)
        r = buf_str(&kernel, "console=ttyS0 quiet panic=-1 reboot=t cryptomgr.notests rdinit=/init");
    if (r >= 0 && wish->tsc_khz)
        r = buf_printf(&kernel, " tsc_early_khz=%u", wish->tsc_khz);
    if (r < 0)
        return r;
    const char *const words[] = {
        wish->program,
        "-M", "microvm,acpi=on,memory-backend=memory",
        "-accel", "tcg,tb-size=64",
        "-cpu", "max",
        "-m", memory.data,
        "-smp", cpus.data,
        "-object", object.data,
        "-nodefaults", "-no-user-config", "-no-reboot",
        "-display", "none",
        "-global", "virtio-mmio.force-legacy=false",
        "-kernel", MICROVM_KERNEL,
        "-initrd", MICROVM_INITRAMFS,
        "-append", kernel.data,
        "-chardev", "socket,id=console,fd=5",
        "-serial", "chardev:console",
        "-chardev", "socket,id=files,fd=3",
        "-device", files_device,
        "-device", "virtio-serial-device",
        "-chardev", "socket,id=port,fd=4",
        "-device", port_device,
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    };
    return add_list(ret, words, ELEMENTSOF(words));
}

/* It has no way to run without a sandbox of its own: it gets the one that needs chroot(2) only, and is to keep no
 * capability. */
int server_command_line(const struct server_wish *wish, struct strv *ret)
{
    _cleanup_buf_ struct buf files = { 0 };
    int r = buf_printf(&files, "--rlimit-nofile=%lu", wish->files);
    if (r < 0)
        return r;
    const char *const words[] = {
        wish->program, "--fd=3", files.data, "-o",
        server_options,
    };
    return add_list(ret, words, ELEMENTSOF(words));
}
