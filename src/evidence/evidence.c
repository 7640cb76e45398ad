/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records are composed and chained as they are told, and written in one go before the monitor waits again: what a
 * SIGKILL of the monitor can take along is what it was told since it last woke. If a write fails, file and chain go back
 * to the last record that is whole, so that a log never holds a part of one. */
#include "evidence/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "evidence/key.h"
#include "evidence/logs.h"

#define PENDING_MAX (1U << 20) /* bytes */
#define RETRY_MS 1000
#define QUEUE_MS 50 /* to the next try to send what waits */
#define SWEEP_AFTER_NS 1000000000U

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Of a jail that has no network, and whose files are not recorded, there is nothing to tell but that it was: by itself that
 * is not worth the 100 us that a file and a signature take. */
static bool wanted(const struct policy *p)
{
    bool sent = p->evidence_sink == EVIDENCE_AUTO && p->evidence_forward;
    bool more = p->evidence_level != EVIDENCE_OFF || p->network != NETWORK_NONE || p->n_published;
    return p->evidence_sink == EVIDENCE_FILE || p->summary || sent || (p->evidence_sink == EVIDENCE_AUTO && more);
}

enum evidence_level evidence_observes(const struct policy *policy)
{
    return wanted(policy) && policy->state_dir ? policy->evidence_level : EVIDENCE_OFF;
}

void evidence_begin(struct evidence *e, const struct policy *policy, const char *id)
{
    struct utsname host;
    *e = EVIDENCE_EMPTY;
    e->policy = policy;
    e->on = wanted(policy) && policy->state_dir;
    if (!e->on)
        return;
    if (uname(&host) == 0)
        snprintf(e->host, sizeof(e->host), "%s", host.nodename);
    static const char *const levels[] = { [EVIDENCE_OFF] = "off", [EVIDENCE_WRITES] = "writes", [EVIDENCE_ALL] = "all" };
    const char *level = policy->summary && policy->evidence_level == EVIDENCE_OFF ? "changes" : levels[policy->evidence_level];
    e->jail = (struct ocsf_jail){ .id = id, .host = e->host, .profile = policy->name, .level = level };
    e->began_ns = now_ns();
}

/* --- the file --- */

/* The directory and those above it; mkdir(2) itself is not for a monitor that is confined. */
static int make_dir(const char *path)
{
    char part[4096];
    int above = ENOENT; /* why one of those could not be made: of the last one the kernel says no more than that they lack */
    if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
        return -ENAMETOOLONG;
    for (char *p = part + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdirat(AT_FDCWD, part, 0700) < 0 && errno != EEXIST && errno != ENOENT)
            above = errno;
        *p = '/';
    }
    if (mkdirat(AT_FDCWD, part, 0700) == 0 || errno == EEXIST)
        return 0;
    return errno == ENOENT ? -above : -errno;
}

int evidence_open_dir(const char *state_dir, bool make)
{
    char path[4096];
    struct stat st;
    if (snprintf(path, sizeof(path), "%s/" EVIDENCE_DIR, state_dir) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make) {
        int r = make_dir(path);
        if (r < 0)
            return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    _cleanup_close_ int dir = fd;
    if (dir < 0 || fstat(dir, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || st.st_mode & 077)
        return -EPERM;
    return TAKE_FD(dir);
}

/* TIME-ID.jsonl, to the microsecond, so that names have the order of their jails. The calendar by hand: gmtime_r(3) looks for
 * the time zone first, which takes 150 us. */
static void log_name(const struct evidence *e, char *name, size_t size)
{
    unsigned long seconds = e->began_ns / 1000000000U, day = seconds / 86400;
    seconds %= 86400;
    /* Eras of 400 years of 146097 days that begin with March, so that the leap day is the last. */
    unsigned long d = day + 719468, era = d / 146097, of_era = d % 146097;
    unsigned long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned long of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    unsigned long month_day = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    snprintf(name, size, "%04lu%02lu%02luT%02lu%02lu%02lu.%06luZ-%s" EVIDENCE_SUFFIX, year, month, month_day, seconds / 3600,
             seconds / 60 % 60, seconds % 60, e->began_ns / 1000 % 1000000, e->jail.id);
}

int evidence_open(struct evidence *e, struct buf *why)
{
    char name[EVIDENCE_NAME_MAX];
    if (!e->on || e->file >= 0)
        return 0;
    int r = crypto_open(why);
    e->dir = r < 0 ? r : evidence_open_dir(e->policy->state_dir, true);
    if (e->dir >= 0) {
        log_name(e, name, sizeof(name));
        e->file = openat(e->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
        r = e->file < 0 ? -errno : 0;
        if (r == 0)
            (void)flock(e->file, LOCK_EX | LOCK_NB);
    } else {
        r = e->dir;
    }
    if (r == 0)
        return 0;
    (void)buf_printf(why, "%sthe record cannot be kept in %s/" EVIDENCE_DIR ": %s", why->len ? ": " : "",
                     e->policy->state_dir, strerror(-r));
    cleanup_close(&e->dir);
    e->on = false;
    e->failed = e->policy->evidence_full == EVIDENCE_STOP;
    return r;
}

/* Back to the last record that is whole. */
static void give_up(struct evidence *e, int error, off_t whole)
{
    if (whole >= 0)
        (void)!ftruncate(e->file, whole);
    e->lost += e->chain.merkle.count - e->written.merkle.count;
    e->lost_all += e->chain.merkle.count - e->written.merkle.count;
    e->chain = e->written;
    e->pending.len = 0;
    e->error = error;
    e->retry_at = now_ms() + RETRY_MS;
    e->failed |= e->policy->evidence_full == EVIDENCE_STOP;
}

int evidence_connect(struct evidence *e, struct buf *why)
{
    const char *where = e->policy->evidence_forward;
    if (where && !e->on) {
        (void)buf_str(why, "without a log nothing can be sent on: write sink = file in [evidence]");
        return -EINVAL;
    }
    return where ? forward_open(&e->forward, where, why) : 0;
}

/* What is in the file goes on its way, record by record. */
static void forward_pending(struct evidence *e)
{
    const char *line = e->pending.data, *end = line + e->pending.len, *newline;
    static const char key[] = "\"severity_id\":";
    struct forward_facts facts = { .id = e->jail.id, .host = e->host };
    if (e->forward.fd < 0)
        return;
    for (; line < end && (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
        const char *severity = memmem(line, (size_t)(newline - line), key, sizeof(key) - 1); /* stands before all else */
        facts.severity = severity ? (unsigned)(severity[sizeof(key) - 1] - '0') : 1;
        forward_record(&e->forward, line, (size_t)(newline - line), &facts);
    }
    e->queued = forward_flush(&e->forward);
}

void evidence_flush(struct evidence *e)
{
    if (e->queued)
        e->queued = forward_flush(&e->forward);
    if (e->file < 0 || e->pending.len == 0)
        return;
    size_t done = 0;
    while (done < e->pending.len) {
        ssize_t n = write(e->file, e->pending.data + done, e->pending.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? errno : ENOSPC;
            struct stat st;
            give_up(e, error, done && fstat(e->file, &st) == 0 ? st.st_size - (off_t)done : -1);
            return;
        }
        done += (size_t)n;
    }
    forward_pending(e);
    e->written = e->chain;
    e->pending.len = 0;
    e->error = 0;
}

/* --- records --- */

static int add(struct evidence *e, const struct event *event)
{
    size_t begin = e->pending.len;
    int r = ocsf_write(&e->pending, &e->jail, event, e->chain.merkle.count + 1, NULL);
    if (r >= 0)
        r = chain_seal(&e->chain, &e->pending, begin);
    if (r < 0)
        e->pending.len = begin;
    return r;
}

static int lose(struct evidence *e, int error)
{
    e->lost++;
    e->lost_all++;
    return error;
}

/* The same of what somebody else did not take. */
static int add_dropped(struct evidence *e)
{
    _cleanup_buf_ struct buf text = { 0 };
    struct event event = EVENT_EMPTY;
    if (!e->forward.dropped)
        return 0;
    if (buf_printf(&text, "%" PRIu64 " records were not taken by %s", e->forward.dropped, e->policy->evidence_forward) < 0)
        return -ENOMEM;
    event.kind = EVENT_INTEGRITY;
    event.verified = true;
    event.count = e->forward.dropped;
    event.text = text.data;
    event.time_ns = now_ns();
    e->forward.dropped = 0;
    return add(e, &event);
}

/* Tell of what was lost before anything else is told. */
static int add_lost(struct evidence *e)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (!e->lost)
        return 0;
    if (buf_printf(&text, "%" PRIu64 " records were lost: %s", e->lost,
                   e->error ? strerror(e->error) : "too many at once") < 0)
        return -ENOMEM;
    struct event event = EVENT_EMPTY;
    event.kind = EVENT_INTEGRITY;
    event.verified = true;
    event.count = e->lost;
    event.text = text.data;
    event.time_ns = now_ns();
    int r = add(e, &event);
    if (r >= 0)
        e->lost = 0;
    return r;
}

/* The signature stands in the record that it signs, behind all of the rest. */
static int add_checkpoint(struct evidence *e, bool final)
{
    uint8_t key[KEY_SIZE], root[HASH_SIZE], hash[HASH_SIZE], signature[SIGNATURE_SIZE];
    char root_hex[2 * HASH_SIZE + 1], key_hex[2 * KEY_PUBLIC_SIZE + 1], hex[2 * SIGNATURE_SIZE + 1];
    char statement[CHAIN_STATEMENT_MAX];
    size_t begin = e->pending.len;
    int r = key_get(e->dir, key);
    if (r < 0)
        return r;
    hex_write(key_hex, ed25519_public(key), KEY_PUBLIC_SIZE);
    merkle_root(&e->chain.merkle, root);
    hex_write(root_hex, root, sizeof(root));
    struct ocsf_checkpoint checkpoint = { e->chain.merkle.count, root_hex, key_hex, final };
    struct event event = EVENT_EMPTY;
    event.kind = EVENT_INTEGRITY;
    event.verified = true;
    event.text = final ? "last checkpoint" : "checkpoint";
    event.time_ns = now_ns();
    r = ocsf_write(&e->pending, &e->jail, &event, e->chain.merkle.count + 1, &checkpoint);
    if (r >= 0) {
        chain_hash(hash, e->chain.last, e->pending.data + begin, e->pending.len - begin);
        ed25519_sign(signature, statement, chain_statement(statement, root, hash), key);
        hex_write(hex, signature, sizeof(signature));
        r = buf_printf(&e->pending, CHAIN_SIGNATURE "%s\"", hex);
    }
    explicit_bzero(key, sizeof(key));
    if (r >= 0)
        r = chain_seal(&e->chain, &e->pending, begin);
    if (r < 0)
        e->pending.len = begin;
    else
        e->checked = e->chain.merkle.count;
    e->check_at = 0;
    return r;
}

int evidence_record(struct evidence *e, const struct event *event)
{
    if (!e->on)
        return 0;
    if (e->retry_at && now_ms() < e->retry_at)
        return lose(e, -ENOSPC);
    e->retry_at = 0;
    if (e->pending.len >= PENDING_MAX)
        evidence_flush(e);
    if (e->retry_at || e->pending.len >= PENDING_MAX)
        return lose(e, -ENOSPC);
    struct event copy = *event;
    if (!copy.time_ns)
        copy.time_ns = now_ns();
    int r = add_lost(e);
    if (r >= 0)
        r = add_dropped(e);
    if (r >= 0)
        r = add(e, &copy);
    if (r < 0)
        return lose(e, r);
    if (e->file >= 0 && e->chain.merkle.count - e->checked >= EVIDENCE_CHECKPOINT_RECORDS)
        (void)add_checkpoint(e, false); /* the next one signs all the same */
    else if (!e->check_at)
        e->check_at = now_ms() + EVIDENCE_CHECKPOINT_MS;
    return 0;
}

int64_t evidence_next(const struct evidence *e)
{
    if (e->file >= 0 && e->queued)
        return now_ms() + QUEUE_MS;
    return e->file >= 0 ? e->check_at : 0;
}

void evidence_tick(struct evidence *e, int64_t now)
{
    if (e->file < 0 || !e->check_at || now < e->check_at)
        return;
    e->check_at = 0;
    if (e->chain.merkle.count > e->checked && add_checkpoint(e, false) < 0)
        e->check_at = now + EVIDENCE_CHECKPOINT_MS;
    evidence_flush(e);
}

/* Logs that nobody wants any more. The directory may be long: short jails look at it now and then only. */
static void sweep(const struct evidence *e)
{
    const struct policy *p = e->policy;
    char name[EVIDENCE_NAME_MAX];
    if (now_ns() - e->began_ns < SWEEP_AFTER_NS && e->jail.id[0] != '0')
        return;
    log_name(e, name, sizeof(name));
    logs_sweep(e->dir, p->evidence_keep.set ? p->evidence_keep.value : EVIDENCE_KEEP_MS,
               p->evidence_size.set ? p->evidence_size.value : EVIDENCE_SIZE, name);
}

void evidence_name(const struct evidence *e, char ret[static EVIDENCE_NAME_MAX])
{
    log_name(e, ret, EVIDENCE_NAME_MAX);
}

int evidence_read(const struct evidence *e)
{
    char name[EVIDENCE_NAME_MAX];
    if (e->file < 0)
        return -ENOENT;
    log_name(e, name, sizeof(name));
    int fd = openat(e->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void evidence_end(struct evidence *e)
{
    if (e->file >= 0) {
        e->retry_at = 0;
        (void)add_lost(e);
        (void)add_dropped(e);
        (void)add_checkpoint(e, true);
        evidence_flush(e);
        sweep(e);
    }
    forward_close(&e->forward);
    cleanup_close(&e->file);
    cleanup_close(&e->dir);
    buf_free(&e->pending);
    e->on = false;
}
