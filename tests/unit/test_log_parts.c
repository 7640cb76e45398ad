/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs in several files: what is written is read as one, and what is missing or altered is found. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "evidence/evidence.h"
#include "evidence/json_read.h"
#include "evidence/key.h"
#include "evidence/log_file.h"
#include "evidence/verify.h"
#include "unit.h"

enum { PART = 8192, RECORDS = 100 };

static char state[64];
static struct policy policy;
static struct evidence evidence;
static int dir;

static void setup(void)
{
    unit_dir(state, sizeof(state));
    policy = (struct policy){ .name = (char *)"test", .state_dir = state, .evidence_sink = EVIDENCE_FILE,
                              .evidence_full = EVIDENCE_DROP, .evidence_rotate = { .set = true, .value = PART } };
    evidence = EVIDENCE_EMPTY;
    dir = -1;
}

static void teardown(void)
{
    char command[160];
    evidence_end(&evidence);
    close(dir);
    snprintf(command, sizeof(command), "rm -rf %s", state);
    ck_assert_int_eq(system(command), 0);
}

static void begin(const char *id)
{
    struct buf why = { 0 };
    ck_assert_int_eq(crypto_open(&why), 0);
    evidence_begin(&evidence, &policy, id);
    ck_assert_int_eq(evidence_open(&evidence, &why), 0);
    ck_assert_ptr_null(why.data);
    dir = log_file_open_dir(state, false);
    ck_assert_int_ge(dir, 0);
}

static int tell(size_t i)
{
    char path[32];
    struct event e = { .kind = EVENT_FILE, .activity = ACTIVITY_WRITE, .mode = -1, .path = path };
    snprintf(path, sizeof(path), "/w/file%zu", i);
    int r = evidence_record(&evidence, &e);
    evidence_flush(&evidence);
    return r;
}

/* A log of RECORDS in many files, ended. How many. */
static unsigned make_log(const char *id)
{
    begin(id);
    for (size_t i = 0; i < RECORDS; i++)
        ck_assert_int_eq(tell(i), 0);
    unsigned parts = evidence.part;
    evidence_end(&evidence);
    ck_assert_uint_gt(parts, 4);
    return parts;
}

static const char *name_of(unsigned part)
{
    static char name[LOGS_NAME_MAX];
    ck_assert(logs_part_name(name, evidence.stem, part));
    return name;
}

static struct verify verify_from(unsigned part)
{
    struct verify v;
    struct log_stream log;
    uint8_t key[KEY_PUBLIC_SIZE];
    ck_assert_int_eq(key_get_public(dir, key), 0);
    ck_assert_int_eq(log_stream_open(&log, dir, name_of(part)), 0);
    ck_assert_int_eq(verify_log(&log, key, &v), 0);
    ck_assert_int_eq(log_stream_rewind(&log), 0);
    log_stream_close(&log);
    return v;
}

/* What a reader gets, in pieces of odd sizes. */
static void read_all(struct buf *ret)
{
    struct log_stream log;
    char piece[777];
    ssize_t n;
    ck_assert_int_eq(log_stream_open(&log, dir, name_of(1)), 0);
    while ((n = log_stream_read(&log, piece, sizeof(piece))) > 0)
        ck_assert_int_eq(buf_add(ret, piece, (size_t)n), 0);
    ck_assert_int_eq(n, 0);
    log_stream_close(&log);
}

START_TEST(parts_are_one_log)
{
    struct strv names = { 0 };
    struct buf all = { 0 };
    const char *name;
    struct stat st;
    size_t lines = 0;
    unsigned parts = make_log("00000001");
    struct verify v = verify_from(1);
    ck_assert_int_eq(v.result, VERIFY_WHOLE);
    ck_assert_uint_eq(v.records, RECORDS + parts); /* each file has one checkpoint */
    ck_assert_str_eq(v.id, "00000001");
    read_all(&all);
    for (const char *p = all.data; p && (p = strchr(p, '\n')); p++)
        lines++;
    ck_assert_uint_eq(lines, v.records);
    ck_assert_int_eq(logs_list(dir, &names), 0);
    ck_assert_uint_eq(names.n, parts);
    for (unsigned i = 0; i < parts; i++) { /* the tenth behind the second */
        ck_assert_str_eq(names.v[i], name_of(i + 1));
        ck_assert_int_eq(fstatat(dir, names.v[i], &st, 0), 0);
        ck_assert_int_le(st.st_size, PART + 2000);
    }
    ck_assert_int_eq(logs_find(&names, NULL, &name), 0);
    ck_assert_str_eq(name, name_of(1));
    ck_assert_int_eq(logs_find(&names, "00", &name), 0);
    ck_assert_str_eq(name, name_of(1));
    strv_free(&names);
    buf_free(&all);
}
END_TEST

START_TEST(parts_that_are_gone_are_missed)
{
    unsigned parts = make_log("00000001");
    struct verify v = verify_from(3);
    ck_assert_int_eq(v.result, VERIFY_CUT);
    ck_assert_uint_gt(v.missing, 10);
    ck_assert_uint_eq(v.at, 0);
    ck_assert_uint_eq(v.records, RECORDS + parts);
    ck_assert_uint_eq(v.signed_records, v.records);
    ck_assert_int_eq(renameat(dir, name_of(parts), dir, "away"), 0);
    v = verify_from(1);
    ck_assert_int_eq(v.result, VERIFY_CUT);
    ck_assert_uint_eq(v.at, v.records);
    ck_assert_uint_lt(v.records, RECORDS + parts);
    ck_assert_int_eq(renameat(dir, "away", dir, name_of(parts)), 0);
    ck_assert_int_eq(unlinkat(dir, name_of(3), 0), 0);
    v = verify_from(1);
    ck_assert_int_eq(v.result, VERIFY_CUT);
    ck_assert_str_eq(v.why, "the last checkpoint is missing");
    for (unsigned i = 4; i <= parts; i++) { /* and the hole closed */
        char to[LOGS_NAME_MAX];
        snprintf(to, sizeof(to), "%s", name_of(i - 1));
        ck_assert_int_eq(renameat(dir, name_of(i), dir, to), 0);
    }
    ck_assert_int_eq(verify_from(1).result, VERIFY_ALTERED);
}
END_TEST

/* Change one byte of a part's text, from its end if at is negative. */
static void change(unsigned part, const char *before, const char *after)
{
    struct buf text = { 0 };
    ck_assert_int_eq(buf_read_file(&text, dir, name_of(part), 1 << 20), 0);
    char *at = strstr(text.data, before);
    ck_assert_ptr_nonnull(at);
    memcpy(at, after, strlen(after));
    int fd = openat(dir, name_of(part), O_WRONLY | O_TRUNC | O_CLOEXEC);
    ck_assert_int_eq(write(fd, text.data, text.len), (ssize_t)text.len);
    close(fd);
    buf_free(&text);
}

START_TEST(what_a_part_begins_with_is_signed)
{
    make_log("00000001");
    ck_assert_int_eq(verify_from(2).result, VERIFY_CUT);
    change(2, "\"previous\":\"", "\"previous\":\"0000");
    ck_assert_int_eq(verify_from(1).result, VERIFY_ALTERED);
    ck_assert_int_eq(verify_from(2).result, VERIFY_ALTERED);
    ck_assert_int_eq(verify_from(3).result, VERIFY_CUT); /* what comes behind says nothing of it */
    change(3, "\"peaks\":[\"", "\"peaks\":[\"0000");
    ck_assert_int_eq(verify_from(3).result, VERIFY_ALTERED);
    change(4, "\"checkpoint\":{\"count\":", "\"checkpoint\":{\"count\":9");
    ck_assert_int_eq(verify_from(4).result, VERIFY_ALTERED);
}
END_TEST

START_TEST(a_byte_changed_in_any_part_is_found)
{
    make_log("00000001");
    change(3, "/w/file", "/w/fill");
    struct verify v = verify_from(1);
    ck_assert_int_eq(v.result, VERIFY_ALTERED);
    ck_assert_uint_gt(v.at, 20);
}
END_TEST

START_TEST(one_that_cannot_be_made_is_done_without)
{
    struct rlimit limit, few;
    begin("00000001");
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = limit;
    few.rlim_cur = 0;
    size_t i = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (; i < 30; i++)
        ck_assert_int_eq(tell(i), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_eq(evidence.part, 1);
    for (; i < RECORDS; i++)
        ck_assert_int_eq(tell(i), 0);
    ck_assert_uint_gt(evidence.part, 1);
    evidence_end(&evidence);
    ck_assert_uint_eq(evidence.lost_all, 0);
    ck_assert_int_eq(verify_from(1).result, VERIFY_WHOLE);
}
END_TEST

START_TEST(no_log_is_larger_than_half_of_all)
{
    struct buf all = { 0 };
    policy.evidence_size = (struct limit){ .set = true, .value = 6 * PART };
    begin("00000001");
    size_t lost = 0;
    for (size_t i = 0; i < RECORDS; i++)
        lost += tell(i) < 0;
    ck_assert_uint_gt(lost, 10);
    struct event host = { .kind = EVENT_NETWORK, .activity = ACTIVITY_OPEN, .mode = -1, .host = "late.test" };
    ck_assert_int_eq(evidence_record(&evidence, &host), 0); /* files have left room for what they are less important than */
    struct event end = { .kind = EVENT_LIFECYCLE, .activity = ACTIVITY_STOP, .mode = -1 };
    ck_assert_int_eq(evidence_record(&evidence, &end), 0);
    evidence_end(&evidence);
    ck_assert_uint_eq(evidence.lost_all, lost);
    ck_assert(!evidence.failed);
    read_all(&all);
    ck_assert_uint_lt(all.len, 4 * PART);
    ck_assert_ptr_nonnull(strstr(all.data, "late.test"));
    ck_assert_ptr_nonnull(strstr(all.data, " records were lost: the record is as large as size in [evidence] lets it be"));
    ck_assert_int_eq(verify_from(1).result, VERIFY_WHOLE);
    buf_free(&all);
}
END_TEST

START_TEST(a_log_that_is_full_stops_who_wants_it)
{
    policy.evidence_size = (struct limit){ .set = true, .value = 2 * PART };
    policy.evidence_full = EVIDENCE_STOP;
    begin("00000001");
    for (size_t i = 0; i < RECORDS && !evidence.failed; i++)
        (void)tell(i);
    ck_assert(evidence.failed);
}
END_TEST

START_TEST(a_log_goes_with_all_its_parts)
{
    unsigned parts = make_log("00000001");
    char other[LOGS_NAME_MAX];
    snprintf(other, sizeof(other), "%s", name_of(1));
    int lock = openat(dir, name_of(parts), O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(flock(lock, LOCK_EX), 0); /* it is being written */
    logs_sweep(dir, UINT64_MAX, 0, "20260104T000000Z-00000005");
    for (unsigned i = 1; i <= parts; i++)
        ck_assert_int_eq(faccessat(dir, name_of(i), F_OK, 0), 0);
    close(lock);
    logs_sweep(dir, UINT64_MAX, 0, evidence.stem); /* the caller's own */
    ck_assert_int_eq(faccessat(dir, other, F_OK, 0), 0);
    logs_sweep(dir, UINT64_MAX, 0, "20260104T000000Z-00000005");
    for (unsigned i = 1; i <= parts; i++)
        ck_assert_int_lt(faccessat(dir, name_of(i), F_OK, 0), 0);
}
END_TEST

/* Goes on to a next part for as long as nothing is lost of its log, and makes a new log now and then. */
static int write_parts(void)
{
    char stem[LOGS_NAME_MAX];
    struct stat st;
    for (unsigned log = 0; log < 200; log++) {
        int fd[8];
        snprintf(stem, sizeof(stem), "20260105T%06uZ-000000aa", log);
        for (unsigned part = 0; part < ELEMENTSOF(fd); part++) {
            fd[part] = log_file_make(dir, stem, part + 1);
            if (fd[part] < 0 || write(fd[part], "x", 1) != 1)
                return 2;
            if (part > 0)
                flock(fd[part - 1], LOCK_UN); /* as its monitor's close(2) would */
            for (unsigned i = 0; i <= part; i++)
                if (fstat(fd[i], &st) < 0 || st.st_nlink == 0)
                    return 1;
        }
        for (unsigned i = 0; i < ELEMENTSOF(fd); i++)
            close(fd[i]);
    }
    return 0;
}

START_TEST(a_sweep_never_takes_a_log_that_goes_on)
{
    int status;
    dir = log_file_open_dir(state, true);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(write_parts());
    while (waitpid(child, &status, WNOHANG) == 0)
        logs_sweep(dir, UINT64_MAX, 0, "none");
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(names_of_parts)
{
    static const struct {
        const char *name, *stem;
        unsigned part;
    } cases[] = {
        { "20260101T000000.000001Z-0123abcd.jsonl", "20260101T000000.000001Z-0123abcd", 1 },
        { "20260101T000000.000001Z-0123abcd.2.jsonl", "20260101T000000.000001Z-0123abcd", 2 },
        { "20260101T000000.000001Z-0123abcd.10.jsonl", "20260101T000000.000001Z-0123abcd", 10 },
        { "a-b.1.jsonl", "a-b.1", 1 }, { "a-b.02.jsonl", "a-b.02", 1 }, { "a-b..jsonl", "a-b.", 1 },
        { "a-b.2x.jsonl", "a-b.2x", 1 }, { "a-b.99999999999.jsonl", "a-b.99999999999", 1 }, { "a.2.jsonl", "a.2", 1 },
        { "a", NULL, 0 }, { ".jsonl", NULL, 0 }, { ".a.jsonl", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char stem[LOGS_NAME_MAX];
        ck_assert_uint_eq(logs_part(cases[i].name, stem), cases[i].part);
        if (cases[i].part)
            ck_assert_str_eq(stem, cases[i].stem);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("log parts");
    TCase *t = tcase_create("parts");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, parts_are_one_log);
    tcase_add_test(t, parts_that_are_gone_are_missed);
    tcase_add_test(t, what_a_part_begins_with_is_signed);
    tcase_add_test(t, a_byte_changed_in_any_part_is_found);
    tcase_add_test(t, one_that_cannot_be_made_is_done_without);
    tcase_add_test(t, no_log_is_larger_than_half_of_all);
    tcase_add_test(t, a_log_that_is_full_stops_who_wants_it);
    tcase_add_test(t, a_log_goes_with_all_its_parts);
    tcase_add_test(t, a_sweep_never_takes_a_log_that_goes_on);
    tcase_add_test(t, names_of_parts);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
