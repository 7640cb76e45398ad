/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "microvm/find.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/module.h"

#define BOOT "/boot"
#define IMAGE "vmlinuz-"

static const char *first_there(const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

static void find_programs(struct microvm_parts *parts)
{
    static const char *const vmms[] = { "/usr/bin/qemu-system-x86_64" };
    /* QEMU's own. The later one, in Rust, holds names with ".." by openat2(2) alone, which our filter of it refuses, as it
     * cannot see the mode there. */
    static const char *const servers[] = { "/usr/lib/qemu/virtiofsd" };
    parts->vmm = first_there(vmms, ELEMENTSOF(vmms));
    parts->file_server = first_there(servers, ELEMENTSOF(servers));
}

/* The first word at text, which has at most n bytes. */
static bool take_word(const char *text, size_t n, char *ret, size_t size)
{
    size_t len = 0;
    while (len < n && text[len] > ' ' && text[len] != '/')
        len++;
    if (len == 0 || len >= size || len == n)
        return false;
    memcpy(ret, text, len);
    ret[len] = '\0';
    return true;
}

/* A bzImage has the offset of its version, less 0x200, at 0x20e (Linux, x86/boot.rst); an ELF image has its banner. */
static bool find_release(const char *image, size_t n, char *ret, size_t size)
{
    static const char banner[] = "Linux version ";
    if (n > 0x210 && memcmp(image + 0x202, "HdrS", 4) == 0) {
        size_t at = 0x200U + (size_t)(unsigned char)image[0x20e] + ((size_t)(unsigned char)image[0x20f] << 8);
        return at < n && take_word(image + at, n - at, ret, size);
    }
    const char *found = memmem(image, n, banner, sizeof(banner) - 1);
    if (!found)
        return false;
    found += sizeof(banner) - 1;
    return take_word(found, n - (size_t)(found - image), ret, size);
}

static bool read_release(const char *path, char *ret, size_t size)
{
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 1024)
        return false;
    void *image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (image == MAP_FAILED)
        return false;
    bool found = find_release(image, (size_t)st.st_size, ret, size);
    munmap(image, (size_t)st.st_size);
    return found;
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Beside the image, as where a kernel's package was unpacked, or the system's. */
static void find_modules(struct microvm_parts *parts)
{
    const char *slash = strrchr(parts->kernel, '/');
    int dir = slash ? (int)(slash - parts->kernel) : 0, len;
    len = snprintf(parts->modules, sizeof(parts->modules), "%.*s/lib/modules/%s", dir, parts->kernel, parts->release);
    if (len < (int)sizeof(parts->modules) && slash && is_directory(parts->modules))
        return;
    snprintf(parts->modules, sizeof(parts->modules), "/lib/modules/%s", parts->release);
    if (!is_directory(parts->modules))
        parts->modules[0] = '\0';
}

static bool take_kernel(struct microvm_parts *parts, const char *path)
{
    char release[sizeof(parts->release)];
    if (strlen(path) >= sizeof(parts->kernel) || !read_release(path, release, sizeof(release)))
        return false;
    strcpy(parts->kernel, path); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): measured */
    strcpy(parts->release, release); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): of the same size */
    find_modules(parts);
    return true;
}

/* Newest first. */
static int by_version(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*b)->d_name, (*a)->d_name);
}

static int is_image(const struct dirent *entry)
{
    return strncmp(entry->d_name, IMAGE, sizeof(IMAGE) - 1) == 0;
}

static void find_kernel(struct microvm_parts *parts)
{
    struct dirent **names;
    int n = scandir(BOOT, &names, is_image, by_version);
    bool found = false;
    for (int i = 0; i < n; i++) {
        char path[sizeof(BOOT) + sizeof(names[i]->d_name)];
        snprintf(path, sizeof(path), BOOT "/%s", names[i]->d_name);
        found = found || (take_kernel(parts, path) && parts->modules[0]);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

void microvm_find(const char *kernel, struct microvm_parts *ret)
{
    *ret = (struct microvm_parts){ .guest = module_exists("agentjail-guest") };
    find_programs(ret);
    if (kernel)
        take_kernel(ret, kernel);
    else
        find_kernel(ret);
}

const char *microvm_lack(const struct microvm_parts *parts)
{
    if (!parts->vmm)
        return "no QEMU at /usr/bin/qemu-system-x86_64: install qemu-system-x86";
    if (!parts->file_server)
        return "no virtiofsd of QEMU's own at /usr/lib/qemu/virtiofsd: install qemu-system-common of Debian 12 (the later one, "
               "in Rust, is not used yet)";
    if (!parts->kernel[0])
        return "no kernel image that you may read: install linux-image-cloud-amd64, or name one with kernel = PATH";
    if (!parts->modules[0])
        return "the kernel's modules are neither beside its image (lib/modules/RELEASE) nor in /lib/modules";
    if (!parts->guest)
        return "this build has no guest program (agentjail-guest): it needs a static C library";
    return NULL;
}
