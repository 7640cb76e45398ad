/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "microvm/initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/module.h"

#define FILE_MAX (32UL << 20)
#define DIRECTORY 040755U
#define REGULAR 0100000U

/* In the order in which one needs the other. */
static const char *const modules_needed[] = {
    "drivers/virtio/virtio_ring",  "drivers/virtio/virtio",      "drivers/virtio/virtio_mmio",
    "drivers/char/virtio_console", "fs/fuse/fuse",                "fs/fuse/virtiofs",
};

static int pad(struct buf *archive)
{
    int r = 0;
    while (archive->len % 4 && r >= 0)
        r = buf_char(archive, '\0');
    return r;
}

static int add(struct buf *archive, const char *name, unsigned mode, const void *data, size_t len)
{
    int r = buf_printf(archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0U, mode, 0U, 0U, 1U, 0U,
                       (unsigned)len, 0U, 0U, 0U, 0U, (unsigned)strlen(name) + 1, 0U);
    if (r >= 0)
        r = buf_add(archive, name, strlen(name) + 1);
    if (r >= 0)
        r = pad(archive);
    if (r >= 0 && len)
        r = buf_add(archive, data, len);
    return r < 0 ? r : pad(archive);
}

int cpio_add(struct buf *archive, const char *name, unsigned mode, const void *data, size_t len)
{
    return add(archive, name, REGULAR | mode, data, len);
}

int cpio_end(struct buf *archive)
{
    return add(archive, "TRAILER!!!", 0, NULL, 0);
}

static int add_modules(const char *modules, struct buf *archive, struct buf *why)
{
    int r = add(archive, "modules", DIRECTORY, NULL, 0);
    for (size_t i = 0; i < ELEMENTSOF(modules_needed) && r >= 0; i++) {
        _cleanup_buf_ struct buf path = { 0 }, file = { 0 };
        char name[32];
        r = buf_printf(&path, "%s/kernel/%s.ko", modules, modules_needed[i]);
        if (r >= 0)
            r = buf_read_file(&file, AT_FDCWD, path.data, FILE_MAX);
        if (r == -ENOENT) {
            r = buf_str(&path, ".xz");
            if (r >= 0 && faccessat(AT_FDCWD, path.data, F_OK, 0) == 0) {
                buf_printf(why, "%s: compressed modules are not unpacked yet; name a kernel with plain ones", path.data);
                return -EOPNOTSUPP;
            }
            continue;
        }
        if (r < 0) {
            buf_printf(why, "%s: %s", path.data ? path.data : modules, strerror(-r));
            return r;
        }
        snprintf(name, sizeof(name), "modules/%02zu.ko", i);
        r = cpio_add(archive, name, 0444, file.data, file.len);
    }
    return r;
}

int initramfs_make(const char *modules, const struct buf *config, struct buf *ret_archive, struct buf *why)
{
    _cleanup_buf_ struct buf path = { 0 }, guest = { 0 }, archive = { 0 };
    int r = module_path("agentjail-guest", &path);
    if (r >= 0)
        r = buf_read_file(&guest, AT_FDCWD, path.data, FILE_MAX);
    if (r < 0) {
        buf_printf(why, "the guest program %s cannot be read: %s", path.data ? path.data : "", strerror(-r));
        return r;
    }
    r = cpio_add(&archive, "init", 0555, guest.data, guest.len);
    if (r >= 0)
        r = add_modules(modules, &archive, why);
    if (r >= 0)
        r = cpio_add(&archive, "config", 0400, config->data, config->len);
    if (r >= 0)
        r = cpio_end(&archive);
    if (r < 0)
        return r;
    *ret_archive = archive;
    archive = (struct buf){ 0 };
    return 0;
}
