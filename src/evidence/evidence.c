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
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "evidence/key.h"
#include "evidence/log_file.h"

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
    if (policy->learn)
        return EVIDENCE_ALL; /* whether a record is kept of it or not */
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
    e->part = 1;
    e->part_full = e->part_bytes = policy->evidence_rotate.set ? policy->evidence_rotate.value : EVIDENCE_ROTATE;
    e->log_bytes = policy->evidence_size.set ? policy->evidence_size.value : EVIDENCE_SIZE;
}

/* --- the file --- */

int evidence_open(struct evidence *e, struct buf *why)
{
    if (!e->on || e->file >= 0)
        return 0;
    int r = crypto_open(why);
    e->dir = r < 0 ? r : log_file_open_dir(e->policy->state_dir, true);
    r = e->dir;
    if (r >= 0) {
        log_file_stem(e->stem, e->began_ns, e->jail.id);
        r = e->file = log_file_make(e->dir, e->stem, e->part);
    }
    if (r >= 0)
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

/* Logs that nobody wants any more. */
static void sweep(const struct evidence *e)
{
    const struct policy *p = e->policy;
    logs_sweep(e->dir, p->evidence_keep.set ? p->evidence_keep.value : EVIDENCE_KEEP_MS, e->log_bytes, e->stem);
}

/* The part is as large as it may be. Where the next one cannot be made, this one grows on. */
static void next_part(struct evidence *e)
{
    int fd = log_file_make(e->dir, e->stem, e->part + 1);
    if (fd < 0) {
        e->part_full += e->part_bytes;
        return;
    }
    close(e->file);
    e->file = fd;
    e->part++;
    e->part_written = 0;
    e->part_full = e->part_bytes;
    sweep(e);
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
    e->part_written += done;
    e->log_written += done;
    e->pending.len = 0;
    e->error = 0;
    if (e->part_written >= e->part_full)
        next_part(e);
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

const char *evidence_why_lost(const struct evidence *e)
{
    if (e->capped)
        return "the record is as large as size in [evidence] lets it be";
    return e->error ? strerror(e->error) : "too many at once";
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
    if (buf_printf(&text, "%" PRIu64 " records were lost: %s", e->lost, evidence_why_lost(e)) < 0)
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

/* Nothing is in this part yet, and what comes next says how it goes on from the part before. */
static bool part_begins(const struct evidence *e)
{
    return e->part > 1 && e->part_written == 0 && e->pending.len == 0;
}

/* What stands in a checkpoint that begins a part. */
struct part_head {
    char previous[2 * HASH_SIZE + 1], hex[64][2 * HASH_SIZE + 1];
    const char *peaks[64 + 1];
};

static void describe_part(const struct evidence *e, struct part_head *head, struct ocsf_checkpoint *checkpoint)
{
    size_t n = (size_t)__builtin_popcountll(e->chain.merkle.count);
    hex_write(head->previous, e->chain.last, HASH_SIZE);
    for (size_t i = 0; i < n; i++) {
        hex_write(head->hex[i], e->chain.merkle.peaks[i], HASH_SIZE);
        head->peaks[i] = head->hex[i];
    }
    head->peaks[n] = NULL;
    checkpoint->part = e->part;
    checkpoint->previous = head->previous;
    checkpoint->peaks = head->peaks;
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
    struct ocsf_checkpoint checkpoint = { .count = e->chain.merkle.count, .root = root_hex, .key = key_hex, .final = final };
    struct part_head head;
    if (part_begins(e))
        describe_part(e, &head, &checkpoint);
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

/* One jail's log is never larger than half of what all may be together, so that nobody can have all others swept away by what
 * it does; nor does what a command can do most of leave no room for the rest. How it began and ends, and what is lost, is told
 * all the same. */
static bool is_capped(const struct evidence *e, const struct event *event)
{
    uint64_t most = e->log_bytes / 2;
    if (event->kind == EVENT_FILE || event->kind == EVENT_PROCESS)
        most -= event->verdict == EVENT_DENIED ? 0 : most / 8;
    return e->log_written + e->pending.len >= most && event->kind != EVENT_LIFECYCLE && event->kind != EVENT_INTEGRITY;
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
    if (is_capped(e, event)) {
        e->capped = true;
        e->failed |= e->policy->evidence_full == EVIDENCE_STOP;
        return lose(e, -EFBIG);
    }
    struct event copy = *event;
    if (!copy.time_ns)
        copy.time_ns = now_ns();
    int r = part_begins(e) ? add_checkpoint(e, false) : 0;
    if (r >= 0)
        r = add_lost(e);
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

void evidence_name(const struct evidence *e, char ret[static LOGS_NAME_MAX])
{
    char stem[LOGS_NAME_MAX];
    log_file_stem(stem, e->began_ns, e->jail.id);
    (void)logs_part_name(ret, stem, 1);
}

int evidence_read(const struct evidence *e, int *ret_dir, struct log_stream *ret)
{
    char name[LOGS_NAME_MAX];
    if (e->file < 0)
        return -ENOENT;
    evidence_name(e, name);
    int dir = fcntl(e->dir, F_DUPFD_CLOEXEC, 0);
    int r = dir < 0 ? -errno : log_stream_open(ret, dir, name);
    if (r < 0)
        cleanup_close(&dir);
    *ret_dir = dir;
    return r;
}

void evidence_end(struct evidence *e)
{
    if (e->file >= 0) {
        e->retry_at = 0;
        if (part_begins(e))
            (void)add_checkpoint(e, false);
        (void)add_lost(e);
        (void)add_dropped(e);
        (void)add_checkpoint(e, true);
        e->part_full = UINT64_MAX;
        evidence_flush(e);
        bool looks = now_ns() - e->began_ns >= SWEEP_AFTER_NS || e->jail.id[0] == '0'; /* it may take long */
        if (looks)
            sweep(e);
    }
    forward_close(&e->forward);
    cleanup_close(&e->file);
    cleanup_close(&e->dir);
    buf_free(&e->pending);
    e->on = false;
}
