/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/guest.h"
#include "ipc/frame.h"
#include "ipc/guest_config.h"
#include "jail/mounts.h"
#include "jail/proc.h"
#include "sys/syscalls.h"

#define ROOT "/root"
#define PORT_WAIT_MS 10000

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int guest_load_modules(const char **ret_what)
{
    struct dirent **names;
    int n = scandir("/modules", &names, not_hidden, alphasort), r = 0;
    for (int i = 0; i < n && r >= 0; i++) {
        char path[300];
        snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)) {
            r = -errno;
            *ret_what = names[i]->d_name; /* never freed: this is the end */
        }
    }
    return r;
}

/* The device file of the port with our name: /dev/vportNpM. */
static int find_port(void)
{
    _cleanup_closedir_ DIR *dir = opendir("/sys/class/virtio-ports");
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[600], name[32] = "";
        snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, name, sizeof(name) - 1) <= 0 || strcmp(name, FRAME_PORT "\n") != 0)
            continue;
        snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
        int port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        return port < 0 ? -errno : port;
    }
    return -ENOENT;
}

/* Until then reading says that the end has come. */
static bool connected(int port)
{
    struct pollfd poll_port = { .fd = port, .events = POLLOUT };
    return poll(&poll_port, 1, 0) >= 0 && !(poll_port.revents & POLLHUP);
}

/* The kernel finds its devices, and who is behind them, by and by. */
int guest_open_port(void)
{
    int port = find_port();
    for (int ms = 0; (port < 0 || !connected(port)) && ms < PORT_WAIT_MS; ms++) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        if (port < 0)
            port = find_port();
    }
    return port;
}

static int open_place(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int mount_at(const char *type, const char *path, unsigned long flags, const char *data)
{
    return sys_mount(type, path, type, flags, data);
}

/* The same few nodes as the jail has (jail/dev.c). */
static int make_dev(void)
{
    static const struct {
        const char *path;
        unsigned major, minor;
    } nodes[] = { { ROOT "/dev/null", 1, 3 },   { ROOT "/dev/zero", 1, 5 },    { ROOT "/dev/full", 1, 7 },
                  { ROOT "/dev/random", 1, 8 }, { ROOT "/dev/urandom", 1, 9 }, { ROOT "/dev/tty", 5, 0 } };
    static const char *const links[][2] = {
        { "pts/ptmx", ROOT "/dev/ptmx" },           { "/proc/self/fd", ROOT "/dev/fd" },
        { "/proc/self/fd/0", ROOT "/dev/stdin" },   { "/proc/self/fd/1", ROOT "/dev/stdout" },
        { "/proc/self/fd/2", ROOT "/dev/stderr" },
    };
    int r = mount_at("tmpfs", ROOT "/dev", SYS_MS_NOSUID | SYS_MS_NOEXEC, "mode=755,size=64k");
    for (size_t i = 0; i < ELEMENTSOF(nodes) && r >= 0; i++)
        if (mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0)
            r = -errno;
    for (size_t i = 0; i < ELEMENTSOF(links) && r >= 0; i++)
        if (symlink(links[i][0], links[i][1]) < 0)
            r = -errno;
    if (r >= 0 && (mkdir(ROOT "/dev/pts", 0755) < 0 || mkdir(ROOT "/dev/shm", 01777) < 0))
        r = -errno;
    if (r >= 0)
        r = mount_at("devpts", ROOT "/dev/pts", SYS_MS_NOSUID | SYS_MS_NOEXEC, "ptmxmode=0666,mode=0620");
    if (r >= 0)
        r = mount_at("tmpfs", ROOT "/dev/shm", SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, "mode=1777");
    return r;
}

static int make_proc(bool as_root)
{
    int r = mount_at("proc", ROOT "/proc", SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, NULL);
    if (r < 0)
        return r;
    _cleanup_close_ int proc = open_place(ROOT "/proc");
    return proc < 0 ? proc : proc_mask(proc, as_root);
}

/* The share is mounted without execution: where programs may be run it is mounted once more. The host's own noexec is seen
 * by the file server only. */
static int set_exec(const struct guest_place *place)
{
    char path[4200];
    if (snprintf(path, sizeof(path), ROOT "%s", place->path) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    _cleanup_close_ int mount = mount_clone(fd, place->exec ? 0 : MOUNT_ATTR_NOEXEC, place->exec ? MOUNT_ATTR_NOEXEC : 0);
    return mount < 0 ? mount : mount_attach(mount, fd);
}

static int raise_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* The initramfs stays below, where no path leads: who is to be held has no capability to unmount or to change its root. */
static int switch_root(void)
{
    if (chdir(ROOT) < 0)
        return -errno;
    int r = sys_move_mount(AT_FDCWD, ".", AT_FDCWD, "/", 0);
    if (r >= 0 && (chroot(".") < 0 || chdir("/") < 0))
        r = -errno;
    return r;
}

int guest_enter_root(const struct guest_config *config, const char **ret_what)
{
    *ret_what = "the share cannot be mounted (virtiofs)";
    int r = mkdir(ROOT, 0700) < 0 && errno != EEXIST ? -errno : 0;
    if (r >= 0)
        r = sys_mount(GUEST_ROOT_TAG, ROOT, "virtiofs", SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC, NULL);
    *ret_what = "what may be run cannot be told apart (mount_setattr)";
    for (size_t i = 0; i < config->n_places && r >= 0; i++)
        r = set_exec(&config->places[i]);
    if (r >= 0) {
        *ret_what = "/proc cannot be made";
        r = make_proc(config->numbers.uid == 0);
    }
    if (r >= 0) {
        *ret_what = "/dev cannot be made";
        r = make_dev();
    }
    if (r >= 0 && config->numbers.loopback) {
        *ret_what = "the loopback device cannot be brought up";
        r = raise_loopback();
    }
    if (r >= 0) {
        *ret_what = "the share cannot be made the root";
        r = switch_root();
    }
    return r;
}
