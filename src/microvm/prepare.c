/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "microvm/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/path.h"
#include "filter/filter.h"
#include "ipc/channel.h"
#include "ipc/guest_config.h"
#include "microvm/command_line.h"
#include "microvm/find.h"
#include "microvm/initramfs.h"
#include "plan/plan.h"
#include "profile/origin.h"
#include "profile/policy.h"

#define MEMORY_DEFAULT 1024U /* MiB; what a guest does not use is not taken */
#define MEMORY_LEAST 128U
#define MEMORY_VMM 192U /* of a limit: for VMM and file server */
#define CPUS_MAX 8U

void microvm_free(struct microvm *microvm)
{
    strv_free(&microvm->vmm);
    strv_free(&microvm->server);
    cleanup_close(&microvm->kernel);
    cleanup_close(&microvm->initramfs);
}

static int put(struct buf *config, char kind, const void *data, size_t len)
{
    const unsigned char head[] = { (unsigned char)kind, (unsigned char)len, (unsigned char)(len >> 8),
                                   (unsigned char)(len >> 16), (unsigned char)(len >> 24) };
    int r = buf_add(config, head, sizeof(head));
    if (r >= 0)
        r = buf_add(config, data, len);
    return r < 0 ? r : buf_char(config, '\0');
}

static int put_string(struct buf *config, char kind, const char *string)
{
    return put(config, kind, string, strlen(string));
}

static bool has_place(const struct op *op)
{
    return op->target && (op->kind == OP_BIND || op->kind == OP_TMPFS || op->kind == OP_OVERLAY || op->kind == OP_UNION);
}

/* Whether programs may be run where the last of the plan's first n operations around path says so; not at the root. */
static bool runs_at(const struct plan *plan, size_t n, const char *path)
{
    bool runs = false;
    for (size_t i = 0; i < n; i++)
        if (has_place(&plan->ops[i]) && path_within(path, plan->ops[i].target))
            runs = !(plan->ops[i].flags & OP_NO_EXEC);
    return runs;
}

static int put_places(struct buf *config, const struct plan *plan)
{
    int r = 0;
    for (size_t i = 0; i < plan->n && r >= 0; i++) {
        const struct op *op = &plan->ops[i];
        bool runs = !(op->flags & OP_NO_EXEC);
        if (has_place(op) && runs != runs_at(plan, i, op->target))
            r = put_string(config, runs ? CONFIG_EXEC : CONFIG_NO_EXEC, op->target);
    }
    return r;
}

static int put_list(struct buf *config, char kind, char *const *list)
{
    int r = 0;
    for (; *list && r >= 0; list++)
        r = put_string(config, kind, *list);
    return r;
}

static int make_config(const struct jail_start *start, struct buf *config)
{
    const struct policy *policy = start->policy;
    struct guest_numbers numbers = {
        .uid = getuid(),
        .gid = getgid(),
        .processes = policy->processes.set ? (uint32_t)policy->processes.value : 0,
        .terminal = { start->terminal[0], start->terminal[1], start->terminal[2] },
        .loopback = policy->loopback,
        .keeps_tcp_off = !policy->loopback,
    };
    int r = put(config, CONFIG_NUMBERS, &numbers, sizeof(numbers));
    if (r >= 0)
        r = put_list(config, CONFIG_ARGUMENT, start->argv);
    if (r >= 0)
        r = put_list(config, CONFIG_VARIABLE, start->env);
    if (r >= 0)
        r = put_string(config, CONFIG_DIRECTORY, start->directory);
    if (r >= 0 && start->path)
        r = put_string(config, CONFIG_PATH, start->path);
    if (r >= 0 && start->filter->n)
        r = put(config, CONFIG_FILTER, start->filter->code, start->filter->n * sizeof(*start->filter->code));
    return r < 0 ? r : put_places(config, start->plan);
}

static int in_memory(const struct buf *data)
{
    _cleanup_close_ int fd = memfd_create("initramfs", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (size_t at = 0; at < data->len;) {
        ssize_t n = write(fd, data->data + at, data->len - at);
        if (n <= 0)
            return n < 0 ? -errno : -ENOSPC;
        at += (size_t)n;
    }
    return TAKE_FD(fd);
}

/* "cpu MHz" of /proc/cpuinfo; 0: not known. */
static unsigned host_tsc_khz(void)
{
    _cleanup_fclose_ FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (f && fgets(line, sizeof(line), f)) {
        const char *value = strncmp(line, "cpu MHz", 7) == 0 ? strchr(line, ':') : NULL;
        if (value)
            return (unsigned)(strtod(value + 1, NULL) * 1000);
    }
    return 0;
}

/* The limits hold the whole jail, VMM and file server included: the guest gets what is left. */
static int size_guest(const struct policy *policy, struct vmm_wish *wish, struct buf *why)
{
    wish->memory = MEMORY_DEFAULT;
    wish->cpus = 1;
    if (policy->memory.set) {
        uint64_t limit = policy->memory.value >> 20;
        if (limit < MEMORY_LEAST + MEMORY_VMM) {
            origin_print(why, &policy->memory.origin, "memory");
            buf_printf(why, "a microVM needs %u MiB at least; write memory = %uM", MEMORY_LEAST + MEMORY_VMM,
                       MEMORY_LEAST + MEMORY_VMM);
            return -EINVAL;
        }
        if (limit - MEMORY_VMM < wish->memory)
            wish->memory = (unsigned)(limit - MEMORY_VMM);
    }
    uint64_t cpus = policy->cpu.set ? (policy->cpu.value + 99) / 100 : 1;
    wish->cpus = cpus < 1 ? 1 : cpus > CPUS_MAX ? CPUS_MAX : (unsigned)cpus;
    return 0;
}

static unsigned long most_files(void)
{
    struct rlimit files = { 1024, 1024 };
    getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_max > 1000000 ? 1000000UL : (unsigned long)files.rlim_max;
}

static int refuse(const struct policy *policy, const char *lack, struct buf *why)
{
    origin_print(why, &policy->backend_origin, "backend");
    buf_printf(why, "%s (--doctor shows what would be used)", lack);
    return -EOPNOTSUPP;
}

int microvm_prepare(const struct jail_start *start, struct microvm *ret, struct buf *why)
{
    const struct policy *policy = start->policy;
    struct microvm_parts parts;
    _cleanup_buf_ struct buf config = { 0 }, initramfs = { 0 };
    microvm_find(policy->kernel, &parts);
    const char *lack = microvm_lack(&parts);
    if (lack)
        return refuse(policy, lack, why);
    struct vmm_wish vmm = { .program = parts.vmm, .tsc_khz = host_tsc_khz() };
    int r = size_guest(policy, &vmm, why);
    if (r >= 0)
        r = make_config(start, &config);
    if (r >= 0)
        r = initramfs_make(parts.modules, &config, &initramfs, why);
    if (r < 0)
        return r;
    struct microvm made = { .kernel = open(parts.kernel, O_RDONLY | O_CLOEXEC), .initramfs = in_memory(&initramfs) };
    if (made.kernel < 0 || made.initramfs < 0)
        r = made.kernel < 0 ? -errno : made.initramfs;
    if (r >= 0)
        r = vmm_command_line(&vmm, &made.vmm);
    if (r >= 0)
        r = server_command_line(&(struct server_wish){ parts.file_server, most_files() }, &made.server);
    if (r < 0) {
        microvm_free(&made);
        return r;
    }
    made.start = (struct microvm_start){ made.vmm.v, made.server.v };
    *ret = made;
    return 0;
}

int microvm_hand_over(const struct microvm *microvm, int channel)
{
    struct message m = { .kind = MSG_MICROVM, .value = 0 };
    int r = channel_send(channel, &m, microvm->kernel);
    m.value = 1;
    return r < 0 ? r : channel_send(channel, &m, microvm->initramfs);
}
