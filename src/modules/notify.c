/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "modules/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))
#define DESTINATION "org.freedesktop.Notifications"
#define OBJECT "/org/freedesktop/Notifications"
#define INTERFACE DESTINATION
#define CALL_USEC (5 * 1000 * 1000ULL) /* for the service to be started, and to answer */

EXPORT const char agentjail_notify_stamp[] = NOTIFY_STAMP;

struct notify {
    sd_bus *bus;
    char owner[256];  /* unique name of who showed it: nobody else's signals count */
    uint32_t shown;   /* the service's number of what is shown; 0: nothing */
    uint32_t id, offered;
    bool answered;
    struct notify_answer answer;
};

static void unref_message(sd_bus_message **m)
{
    sd_bus_message_unref(*m);
}
#define _cleanup_message_ __attribute__((cleanup(unref_message)))

/* True if the signal is of the notification that is shown, by who shows it; *m stands behind its number. */
static bool is_ours(const struct notify *n, sd_bus_message *m)
{
    uint32_t shown;
    const char *sender = sd_bus_message_get_sender(m);
    return sd_bus_message_read(m, "u", &shown) >= 0 && n->shown && shown == n->shown && sender && strcmp(sender, n->owner) == 0;
}

static void answer(struct notify *n, int32_t number)
{
    n->answer = (struct notify_answer){ n->id, number };
    n->answered = true;
    n->shown = 0;
}

static int on_action(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct notify *n = data;
    const char *key;
    char *end;
    (void)error;
    if (!is_ours(n, m) || sd_bus_message_read(m, "s", &key) < 0)
        return 0;
    unsigned long number = strtoul(key, &end, 10);
    if (*key >= '0' && *key <= '9' && !*end && number < 32 && (n->offered & 1U << number))
        answer(n, (int32_t)number);
    return 0; /* another key: "default", a click on the text, is no answer */
}

static int on_closed(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct notify *n = data;
    (void)error;
    if (is_ours(n, m))
        answer(n, -1);
    return 0;
}

static int call(const struct notify *n, const char *method, sd_bus_message **m)
{
    return sd_bus_message_new_method_call(n->bus, m, DESTINATION, OBJECT, INTERFACE, method);
}

/* Who has no buttons cannot be asked. */
static int check_actions(const struct notify *n)
{
    _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
    int r = call(n, "GetCapabilities", &m);
    if (r >= 0)
        r = sd_bus_call(n->bus, m, CALL_USEC, NULL, &reply);
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "s");
    const char *one;
    while (r >= 0 && (r = sd_bus_message_read(reply, "s", &one)) > 0)
        if (strcmp(one, "actions") == 0)
            return 0;
    return r < 0 ? r : -EOPNOTSUPP;
}

static int notify_open(struct notify **ret)
{
    struct notify *n = calloc(1, sizeof(*n));
    if (!n)
        return -ENOMEM;
    int r = sd_bus_open_user(&n->bus);
    if (r >= 0)
        r = check_actions(n);
    if (r >= 0)
        r = sd_bus_match_signal(n->bus, NULL, DESTINATION, OBJECT, INTERFACE, "ActionInvoked", on_action, n);
    if (r >= 0)
        r = sd_bus_match_signal(n->bus, NULL, DESTINATION, OBJECT, INTERFACE, "NotificationClosed", on_closed, n);
    if (r < 0) {
        sd_bus_unref(n->bus);
        free(n);
        return r;
    }
    *ret = n;
    return 0;
}

/* The body may be read as markup. */
static int append_escaped(sd_bus_message *m, const char *text)
{
    static const struct { char c; const char *as; } table[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" } };
    char *escaped = malloc(strlen(text) * 5 + 1), *to = escaped;
    if (!escaped)
        return -ENOMEM;
    for (; *text; text++) {
        const char *as = NULL;
        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
            if (*text == table[i].c)
                as = table[i].as;
        if (as)
            to = stpcpy(to, as);
        else
            *to++ = *text;
    }
    *to = '\0';
    int r = sd_bus_message_append(m, "s", escaped);
    free(escaped);
    return r;
}

/* Pairs of a key, which is the answer's number, and what stands on the button. */
static int append_actions(sd_bus_message *m, const struct notify_question *q)
{
    int r = sd_bus_message_open_container(m, 'a', "s");
    for (unsigned i = 0; i < 32 && q->labels[i] && r >= 0; i++) {
        char key[12];
        snprintf(key, sizeof(key), "%u", i);
        if (q->offered & 1U << i)
            r = sd_bus_message_append(m, "ss", key, q->labels[i]);
    }
    return r < 0 ? r : sd_bus_message_close_container(m);
}

static int notify_show(struct notify *n, const struct notify_question *q)
{
    _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
    int r = call(n, "Notify", &m);
    if (r >= 0)
        r = sd_bus_message_append(m, "suss", "agentjail", (uint32_t)0, "dialog-question", q->head);
    if (r >= 0)
        r = append_escaped(m, q->body);
    if (r >= 0)
        r = append_actions(m, q);
    /* Urgent, and kept until it is answered or taken back. */
    if (r >= 0)
        r = sd_bus_message_append(m, "a{sv}i", 1, "urgency", "y", 2, 0);
    if (r >= 0)
        r = sd_bus_call(n->bus, m, CALL_USEC, NULL, &reply);
    if (r >= 0)
        r = sd_bus_message_read(reply, "u", &n->shown);
    if (r < 0)
        return r;
    const char *owner = sd_bus_message_get_sender(reply);
    snprintf(n->owner, sizeof(n->owner), "%s", owner ? owner : "");
    n->id = q->id;
    n->offered = q->offered;
    n->answered = false;
    return n->shown ? 0 : -EPROTO;
}

static void notify_forget(struct notify *n)
{
    _cleanup_message_ sd_bus_message *m = NULL;
    if (n->shown && call(n, "CloseNotification", &m) >= 0 && sd_bus_message_append(m, "u", n->shown) >= 0) {
        (void)sd_bus_send(n->bus, m, NULL);
        (void)sd_bus_flush(n->bus);
    }
    n->shown = 0;
    n->answered = false;
}

static struct pollfd notify_wait(struct notify *n, int *ret_timeout)
{
    uint64_t until = UINT64_MAX;
    struct timespec t;
    int events = sd_bus_get_events(n->bus);
    *ret_timeout = -1;
    if (sd_bus_get_timeout(n->bus, &until) >= 0 && until != UINT64_MAX) {
        clock_gettime(CLOCK_MONOTONIC, &t);
        uint64_t now = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
        *ret_timeout = until <= now ? 0 : (int)((until - now) / 1000 + 1);
    }
    if (n->answered)
        *ret_timeout = 0;
    return (struct pollfd){ .fd = sd_bus_get_fd(n->bus), .events = (short)(events < 0 ? POLLIN : events) };
}

static int notify_serve(struct notify *n, struct notify_answer *ret)
{
    int r = 1;
    while (!n->answered && (r = sd_bus_process(n->bus, NULL)) > 0)
        ;
    if (n->answered) {
        n->answered = false;
        *ret = n->answer;
        return 1;
    }
    return r < 0 ? r : 0;
}

EXPORT const struct notify_table agentjail_notify_table = {
    .open = notify_open,
    .show = notify_show,
    .forget = notify_forget,
    .wait = notify_wait,
    .serve = notify_serve,
};
