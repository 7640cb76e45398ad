/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two looks at a tree of the test's own, and what differs. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "evidence/chain.h"
#include "home/snapshot.h"
#include "unit.h"

static char top[128];
static struct plan plan;
static struct snapshot before, after;
static struct buf told;

static void put(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void set_up(void)
{
    struct buf why = { 0 };
    unit_dir(top, sizeof(top));
    ck_assert_int_eq(chdir(top), 0);
    ck_assert_int_eq(mkdir("sub", 0700), 0);
    put("same", "same");
    put("sub/changed", "old");
    put("gone", "abc");
    put("mode", "mode");
    ck_assert_int_eq(symlink("/etc/passwd", "link"), 0);
    ck_assert_ptr_nonnull(plan_add(&plan, OP_BIND, top, top));
    ck_assert_int_eq(crypto_open(&why), 0);
}

static void tear_down(void)
{
    char command[160];
    plan_free(&plan);
    snapshot_free(&before);
    snapshot_free(&after);
    buf_free(&told);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -rf %s", top);
    ck_assert_int_eq(system(command), 0); /* NOLINT: a directory of the test's own */
}

static void tell(void *context, enum snapshot_change change, const struct snapshot_file *b, const struct snapshot_file *a)
{
    static const char letters[] = "+*~-";
    char hex[2 * HASH_SIZE + 1];
    ck_assert_ptr_null(context);
    hex_write(hex, b ? b->hash : a->hash, HASH_SIZE);
    ck_assert_int_eq(buf_printf(&told, "%c%s %.8s ", letters[change], (a ? a : b)->path + strlen(top),
                                (b ? b : a)->hashed ? hex : "?"), 0);
}

START_TEST(what_differs_is_told)
{
    ck_assert_int_eq(snapshot_take(&before, &plan, NULL, SNAPSHOT_LIMITS), 0);
    put("sub/changed", "new");
    put("sub/made", "");
    ck_assert_int_eq(unlink("gone"), 0);
    ck_assert_int_eq(chmod("mode", 0640), 0);
    ck_assert_int_eq(mkfifo("fifo", 0600), 0); /* is not opened */
    ck_assert_int_eq(snapshot_take(&after, &plan, &before, SNAPSHOT_LIMITS), 0);
    snapshot_compare(&before, &after, tell, NULL);
    ck_assert_ptr_nonnull(strstr(told.data, "-/gone ba7816bf "));
    ck_assert_ptr_nonnull(strstr(told.data, "*/sub/changed "));
    ck_assert_ptr_nonnull(strstr(told.data, "~/mode "));
    ck_assert_ptr_nonnull(strstr(told.data, "+/sub/made e3b0c442 "));
    ck_assert_ptr_nonnull(strstr(told.data, "+/fifo ? "));
    ck_assert_ptr_null(strstr(told.data, "same"));
    ck_assert_ptr_null(strstr(told.data, "link"));
}
END_TEST

START_TEST(bounds_hold)
{
    struct snapshot_limits few = SNAPSHOT_LIMITS, small = SNAPSHOT_LIMITS;
    few.entries = 2;
    small.bytes = 3;
    ck_assert_int_eq(snapshot_take(&before, &plan, NULL, few), 0);
    ck_assert(before.cut);
    ck_assert_uint_le(before.n, 2);
    ck_assert_int_eq(snapshot_take(&after, &plan, NULL, small), 0);
    ck_assert(!after.cut);
    ck_assert_uint_eq(after.n, 5);
    size_t hashed = 0;
    for (size_t i = 0; i < after.n; i++)
        hashed += after.v[i].hashed;
    ck_assert_uint_eq(hashed, 2); /* the link, and one of the two files of three bytes */
    snapshot_compare(&before, &after, tell, NULL);
    ck_assert_ptr_null(told.data); /* nobody knows what of it is new */
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("snapshot");
    TCase *t = tcase_create("snapshot");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, what_differs_is_told);
    tcase_add_test(t, bounds_hold);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
