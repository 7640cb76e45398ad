/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scopes of systemd; see the header. */
#include "config.h"

#include "modules/scope.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define DESTINATION "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"

__attribute__((visibility("default"))) const char agentjail_scope_stamp[] = SCOPE_STAMP;

/* The job we wait for. JobRemoved may come before the answer that names our job: the last few are kept. */
struct job {
    char path[256];
    struct {
        char path[256];
        char result[32];
    } removed[8];
    unsigned n_removed;
};

static void unref_bus(sd_bus **bus)
{
    sd_bus_close_unref(*bus);
}

static void unref_message(sd_bus_message **message)
{
    sd_bus_message_unref(*message);
}

static void free_error(sd_bus_error *error)
{
    sd_bus_error_free(error);
}

#define _cleanup_bus_ __attribute__((cleanup(unref_bus)))
#define _cleanup_message_ __attribute__((cleanup(unref_message)))
#define _cleanup_error_ __attribute__((cleanup(free_error)))

static uint64_t now_usec(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int connect_one(const char *address, uint64_t timeout, sd_bus **ret_bus)
{
    _cleanup_bus_ sd_bus *bus = NULL;
    int r = sd_bus_new(&bus);
    if (r < 0)
        return r;
    /* Systemd's private socket speaks D-Bus without a broker: no Hello there. */
    bool broker = strstr(address, "/private") == NULL;
    if ((r = sd_bus_set_address(bus, address)) < 0 || (r = sd_bus_set_bus_client(bus, broker)) < 0)
        return r;
    sd_bus_set_method_call_timeout(bus, timeout);
    if ((r = sd_bus_start(bus)) < 0)
        return r;
    if (broker) {
        const char *name;
        r = sd_bus_get_unique_name(bus, &name); /* waits for the answer to Hello */
        if (r < 0)
            return r;
    }
    *ret_bus = bus;
    bus = NULL;
    return 0;
}

static int on_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
    (void)error;
    struct job *job = data;
    uint32_t id;
    const char *path, *unit, *result;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
        return 0;
    unsigned i = job->n_removed++ % (sizeof(job->removed) / sizeof(job->removed[0]));
    snprintf(job->removed[i].path, sizeof(job->removed[i].path), "%s", path);
    snprintf(job->removed[i].result, sizeof(job->removed[i].result), "%s", result);
    return 0;
}

static int add_properties(sd_bus_message *m, const struct scope_request *request, bool oom_policy)
{
    int r = sd_bus_message_append(m, "(sv)(sv)(sv)", "Description", "s", request->description, "PIDs", "au", 1,
                                  request->pid, "CollectMode", "s", "inactive-or-failed");
    if (r >= 0 && request->memory != SCOPE_NO_LIMIT)
        r = sd_bus_message_append(m, "(sv)(sv)", "MemoryMax", "t", request->memory, "MemorySwapMax", "t", (uint64_t)0);
    if (r >= 0 && request->memory != SCOPE_NO_LIMIT && oom_policy)
        r = sd_bus_message_append(m, "(sv)", "OOMPolicy", "s", "kill");
    if (r >= 0 && request->tasks != SCOPE_NO_LIMIT)
        r = sd_bus_message_append(m, "(sv)", "TasksMax", "t", request->tasks);
    if (r >= 0 && request->cpu_percent != SCOPE_NO_LIMIT)
        r = sd_bus_message_append(m, "(sv)", "CPUQuotaPerSecUSec", "t", request->cpu_percent * 10000);
    return r;
}

static int call_start(sd_bus *bus, const struct scope_request *request, bool oom_policy, sd_bus_error *error,
                      struct job *job)
{
    _cleanup_message_ sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, INTERFACE, "StartTransientUnit");
    if (r < 0 || (r = sd_bus_message_append(m, "ss", request->unit, "fail")) < 0)
        return r;
    if ((r = sd_bus_message_open_container(m, 'a', "(sv)")) < 0 ||
        (r = add_properties(m, request, oom_policy)) < 0 || (r = sd_bus_message_close_container(m)) < 0)
        return r;
    if ((r = sd_bus_message_append(m, "a(sa(sv))", 0)) < 0)
        return r;

    _cleanup_message_ sd_bus_message *reply = NULL;
    r = sd_bus_call(bus, m, 0, error, &reply);
    if (r < 0)
        return r;
    const char *path;
    if ((r = sd_bus_message_read(reply, "o", &path)) < 0)
        return r;
    snprintf(job->path, sizeof(job->path), "%s", path);
    return 0;
}

/* Find our job among the removed ones: 1 done, 0 not yet, -ECANCELED with the result in ret_text. */
static int job_result(const struct job *job, char *ret_text, size_t size)
{
    for (size_t i = 0; i < sizeof(job->removed) / sizeof(job->removed[0]); i++) {
        if (strcmp(job->removed[i].path, job->path) != 0)
            continue;
        if (strcmp(job->removed[i].result, "done") == 0)
            return 1;
        snprintf(ret_text, size, "systemd's job for the scope ended as \"%s\"", job->removed[i].result);
        return -ECANCELED;
    }
    return 0;
}

static int wait_job(sd_bus *bus, const struct job *job, uint64_t timeout, char *ret_text, size_t size)
{
    uint64_t deadline = now_usec() + timeout;
    for (;;) {
        int r = job_result(job, ret_text, size);
        if (r != 0)
            return r < 0 ? r : 0;
        r = sd_bus_process(bus, NULL);
        if (r < 0)
            return r;
        if (r > 0)
            continue;
        uint64_t now = now_usec();
        if (now >= deadline) {
            snprintf(ret_text, size, "systemd did not start the scope in time");
            return -ETIMEDOUT;
        }
        r = sd_bus_wait(bus, deadline - now);
        if (r < 0 && r != -EINTR)
            return r;
    }
}

__attribute__((visibility("default"))) int agentjail_scope_start(const struct scope_request *request, char *ret_text,
                                                                 size_t size)
{
    *ret_text = '\0';
    _cleanup_bus_ sd_bus *bus = NULL;
    int r = -ENOENT;
    for (const char *const *address = request->addresses; *address && !bus; address++)
        r = connect_one(*address, request->timeout_usec, &bus);
    if (!bus) {
        snprintf(ret_text, size, "systemd does not answer: %s", strerror(-r));
        return r;
    }

    struct job job = { 0 };
    r = sd_bus_match_signal(bus, NULL, NULL, OBJECT, INTERFACE, "JobRemoved", on_removed, &job);
    if (r < 0) {
        snprintf(ret_text, size, "cannot listen to systemd: %s", strerror(-r));
        return r;
    }

    /* OOMPolicy= of scopes came with systemd 253; an older one refuses the unknown property. */
    for (int oom_policy = 1; oom_policy >= 0; oom_policy--) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        r = call_start(bus, request, oom_policy, &error, &job);
        if (r >= 0)
            break;
        snprintf(ret_text, size, "systemd refused the scope: %s", error.message ? error.message : strerror(-r));
        bool unknown = sd_bus_error_has_name(&error, SD_BUS_ERROR_PROPERTY_READ_ONLY) ||
                       sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_PROPERTY) ||
                       sd_bus_error_has_name(&error, SD_BUS_ERROR_INVALID_ARGS);
        if (!unknown || request->memory == SCOPE_NO_LIMIT)
            return r;
    }
    if (r < 0)
        return r;
    *ret_text = '\0';
    r = wait_job(bus, &job, request->timeout_usec, ret_text, size);
    if (r < 0 && !*ret_text)
        snprintf(ret_text, size, "lost systemd while waiting for the scope: %s", strerror(-r));
    return r;
}
