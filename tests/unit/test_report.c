/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a log comes to, from events as they are recorded to what people are shown. */
#include <string.h>
#include <sys/mman.h>

#include "evidence/chain.h"
#include "evidence/ocsf.h"
#include "evidence/report.h"
#include "unit.h"

static const struct ocsf_jail jail = { "0123abcd", "host", "profile", "writes" };
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const char ones[] = "1111111111111111111111111111111111111111111111111111111111111111";
static struct buf text;
static struct report report;
static struct buf out;

static void add(struct event e)
{
    static uint64_t sequence;
    e.time_ns = e.time_ns ? e.time_ns : 1795825209533656683;
    ck_assert_int_eq(ocsf_write(&text, &jail, &e, ++sequence, NULL), 0);
    ck_assert_int_eq(buf_str(&text, "}}\n"), 0);
}

static void read_log(void)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, text.data, text.len), (ssize_t)text.len);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(report_read(&report, &LOG_STREAM_OF(fd), NULL, NULL), 0);
    report_sort(&report);
    close(fd);
}

static void tear_down(void)
{
    report_free(&report);
    buf_free(&text);
    buf_free(&out);
}

static const struct report_row *row(enum report_table table, size_t i)
{
    ck_assert_uint_lt(i, report.tables[table].n);
    return &report.tables[table].v[i];
}

START_TEST(a_run_and_its_end)
{
    char *argv[] = { "claude", "-p", "fix it", NULL };
    add((struct event){ .kind = EVENT_LIFECYCLE, .activity = ACTIVITY_START, .mode = -1, .argv = argv, .cwd = "/w" });
    add((struct event){ .kind = EVENT_LIFECYCLE, .activity = ACTIVITY_STOP, .mode = -1, .status_set = true, .status = 143,
                        .text = "ended by --kill", .time_ns = 1795825209533656683 + 72000000000 });
    read_log();
    ck_assert_str_eq(report.id, "0123abcd");
    ck_assert_str_eq(report.level, "writes");
    ck_assert_int_eq(report_text(&report, "LOG", "WHOLE", 0, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "command   claude -p 'fix it'\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "ended by signal 15: ended by --kill, after 1 min 12 s\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "WHOLE\n"));
    ck_assert_ptr_null(strstr(out.data, "files")); /* there was nothing, and all was looked at */
}
END_TEST

START_TEST(files_are_told_once)
{
    struct event e = { .kind = EVENT_FILE, .activity = ACTIVITY_WRITE, .mode = -1, .path = "/w/a", .before = zeros,
                       .digest = ones, .verified = true };
    add(e);
    e.before = ones;
    e.digest = zeros;
    add(e);
    add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_CREATE, .mode = -1, .path = "/w/b" });
    add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_REMOVE, .mode = -1, .path = "/w/b" });
    add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_RENAME, .mode = -1, .path = "/w/c", .second = "/w/d" });
    add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_LINK, .mode = -1, .path = "/w/a", .second = "/w/e" });
    add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_OPEN, .mode = -1, .path = "/etc/hosts" });
    read_log();
    ck_assert_uint_eq(report.tables[REPORT_FILES].n, 5);
    ck_assert_str_eq(row(REPORT_FILES, 0)->before, zeros);
    ck_assert_str_eq(row(REPORT_FILES, 0)->after, zeros);
    ck_assert(!row(REPORT_FILES, 0)->observed);
    ck_assert_uint_eq(row(REPORT_FILES, 0)->changes, REPORT_WRITTEN);
    ck_assert_uint_eq(row(REPORT_FILES, 1)->changes, REPORT_CREATED | REPORT_REMOVED);
    ck_assert(row(REPORT_FILES, 1)->observed);
    ck_assert_str_eq(row(REPORT_FILES, 3)->subject, "/w/d");
    ck_assert_uint_eq(row(REPORT_FILES, 4)->changes, REPORT_CREATED);
    ck_assert_uint_eq(report.tables[REPORT_READ].n, 1);
}
END_TEST

START_TEST(places_add_up_and_denials_are_counted)
{
    struct event e = { .kind = EVENT_NETWORK, .activity = ACTIVITY_OPEN, .mode = -1, .protocol = "tls", .host = "a.example",
                       .port = 443, .rule = { "x.ini", 3 } };
    add(e);
    e.activity = ACTIVITY_CLOSE;
    e.count = 4;
    e.sent = 1500;
    e.received = 10;
    add(e);
    e = (struct event){ .kind = EVENT_NETWORK, .activity = ACTIVITY_OPEN, .mode = -1, .verdict = EVENT_DENIED,
                        .protocol = "tls", .host = "evil.example", .port = 443, .text = "no rule",
                        .fix = "allow = evil.example" };
    add(e);
    e.count = 7;
    add(e);
    read_log();
    ck_assert_uint_eq(report.tables[REPORT_PLACES].n, 1);
    ck_assert_uint_eq(row(REPORT_PLACES, 0)->count, 4);
    ck_assert_uint_eq(row(REPORT_PLACES, 0)->sent, 1500);
    ck_assert_str_eq(row(REPORT_PLACES, 0)->rule, "x.ini:3");
    ck_assert_uint_eq(report.tables[REPORT_DENIED].n, 1);
    ck_assert_uint_eq(row(REPORT_DENIED, 0)->count, 7);
    ck_assert_int_eq(report_text(&report, NULL, NULL, 0, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "  tls a.example:443  4 connections, 1.5 kB out, 10 B in, by x.ini:3\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "  network evil.example:443: no rule  (7 times); to allow it write allow = "));
}
END_TEST

START_TEST(what_the_payload_chose_is_harmless)
{
    char *argv[] = { "x", "<script>alert(1)</script>\n\033]0;x\007\"'&", "\xe2\x80\xae", NULL };
    add((struct event){ .kind = EVENT_LIFECYCLE, .activity = ACTIVITY_START, .mode = -1, .argv = argv, .cwd = "/w/<b>" });
    add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_CREATE, .mode = -1,
                        .path = "/w/\" onload=\"x\n<img src=x>\\" });
    add((struct event){ .kind = EVENT_PROCESS, .activity = ACTIVITY_EXEC, .mode = -1, .exe = "/w/<i>", .argv = argv });
    add((struct event){ .kind = EVENT_NETWORK, .activity = ACTIVITY_OPEN, .mode = -1, .host = "<u>", .protocol = "</td>" });
    read_log();
    ck_assert_int_eq(report_html(&report, "<s>", "<s>", &out), 0);
    ck_assert_ptr_null(strstr(out.data, "<script"));
    ck_assert_ptr_null(strstr(out.data, "<img"));
    ck_assert_ptr_null(strstr(out.data, "<u>"));
    ck_assert_ptr_null(strstr(out.data, "<s>"));
    ck_assert_ptr_null(strstr(out.data, "\" onload"));
    ck_assert_ptr_null(strchr(out.data, '\033'));
    ck_assert_ptr_null(strstr(out.data, "\xe2\x80\xae"));
    ck_assert_ptr_nonnull(strstr(out.data, "&lt;script&gt;alert(1)&lt;/script&gt;\\012\\033]0;x\\007&quot;&#39;&amp;"));
    ck_assert_ptr_nonnull(strstr(out.data, "default-src 'none'"));
    out.len = 0;
    ck_assert_int_eq(report_text(&report, NULL, NULL, 0, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "onload=\"x\\012<img src=x>\\\\\n"));
    ck_assert_ptr_null(strchr(out.data, '\033'));
}
END_TEST

START_TEST(what_has_no_room_is_counted)
{
    char path[32];
    add((struct event){ .kind = EVENT_LIFECYCLE, .activity = ACTIVITY_START, .mode = -1 });
    for (int i = 0; i < REPORT_ROWS_MAX + 10; i++) {
        snprintf(path, sizeof(path), "/w/%d", i);
        add((struct event){ .kind = EVENT_FILE, .activity = ACTIVITY_CREATE, .mode = -1, .path = path });
    }
    ck_assert_int_eq(buf_str(&text, "no record\n"), 0);
    read_log();
    ck_assert_uint_eq(report.tables[REPORT_FILES].n, REPORT_ROWS_MAX);
    ck_assert_uint_eq(report.tables[REPORT_FILES].more, 10);
    ck_assert_uint_eq(report.strange, 1);
    ck_assert_int_eq(report_text(&report, NULL, NULL, 2, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "files changed: 5000 and more\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "  and 4998 others\n"));
}
END_TEST

START_TEST(forms_go_by_the_name)
{
    ck_assert_int_eq(report_form_of("a.html"), REPORT_HTML);
    ck_assert_int_eq(report_form_of("a.htm"), REPORT_HTML);
    ck_assert_int_eq(report_form_of("a.json"), REPORT_JSON);
    ck_assert_int_eq(report_form_of("html"), REPORT_TEXT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("report");
    TCase *t = tcase_create("report");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, NULL, tear_down);
    tcase_add_test(t, a_run_and_its_end);
    tcase_add_test(t, files_are_told_once);
    tcase_add_test(t, places_add_up_and_denials_are_counted);
    tcase_add_test(t, what_the_payload_chose_is_harmless);
    tcase_add_test(t, what_has_no_room_is_counted);
    tcase_add_test(t, forms_go_by_the_name);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
