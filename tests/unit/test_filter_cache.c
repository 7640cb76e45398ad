/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and including filter files, and the cache: what it takes, and all that it must not trust. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter/filter.h"
#include "filter/names.h"
#include "filter_bpf.h"

#define NEEDED "allow execve exit_group rt_sigreturn\n"

static char root[128];

static const char *path(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *p = paths[next++ % ELEMENTSOF(paths)];
    snprintf(p, sizeof(paths[0]), "%s/%s", root, name);
    return p;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(path(name), "we");
    ck_assert_msg(f != NULL, "%s: %s", name, strerror(errno));
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
    unit_dir(root, sizeof(root));
    ck_assert_int_eq(mkdir(path("user"), 0755), 0);
    ck_assert_int_eq(mkdir(path("packaged"), 0755), 0);
    put("packaged/default.filter", NEEDED "allow getpid\n");
    put("packaged/nested.filter", "allow mount\n");
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(name);
}

static void teardown(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int load(const char *name, bool nested, bool cache, struct filter_program *ret_program, struct buf *why)
{
    const char *const directories[] = { path("user"), path("packaged"), NULL };
    struct filter_request request = { .name = name, .directories = directories, .nested = nested };
    char cache_dir[160];
    snprintf(cache_dir, sizeof(cache_dir), "%s/cache/agentjail", root);
    if (cache)
        request.cache_dir = cache_dir;
    *ret_program = (struct filter_program){ 0 };
    buf_free(why);
    return filter_load(&request, ret_program, why);
}

static uint32_t verdict(const struct filter_program *program, const char *call)
{
    _cleanup_names_ struct names *names = NULL;
    struct buf why = { 0 };
    ck_assert_int_eq(names_open(&names, &why), 0);
    struct seccomp_data data = { .nr = names_number(names, architecture_native(), call),
                                 .arch = architecture_native()->audit };
    return bpf_run(program->code, program->n, &data, NULL);
}

/* The verdict on call under a filter that must load. */
static uint32_t ask(const char *name, bool nested, const char *call)
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    ck_assert_msg(load(name, nested, false, &program, &why) == 0, "%s", why.data ? why.data : "");
    return verdict(&program, call);
}

static void refused(const char *name, bool nested, int error, const char *message)
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    int r = load(name, nested, false, &program, &why);
    ck_assert_msg(r == error, "%s gives %d (%s)", name, r, why.data ? why.data : "");
    ck_assert_msg(why.len && strstr(why.data, message), "%s says \"%s\", not \"%s\"", name, why.data, message);
    ck_assert_ptr_null(program.code);
}

/* ---- files ---- */

START_TEST(the_first_directory_wins)
{
    ck_assert_uint_eq(ask("default", false, "getpid"), ALLOW);
    put("user/default.filter", NEEDED "deny EIO getpid\n");
    ck_assert_uint_eq(ask("default", false, "getpid"), DENY(EIO));
    put("user/other.filter", "include default\nallow getuid\n");
    ck_assert_uint_eq(ask("other", false, "getuid"), ALLOW);
    ck_assert_uint_eq(ask(path("packaged/default.filter"), false, "getpid"), ALLOW);
}
END_TEST

START_TEST(a_user_s_filter_can_include_the_packaged_one)
{
    put("user/default.filter", "include default   # the packaged one\ndeny EIO getppid\n");
    ck_assert_uint_eq(ask("default", false, "getpid"), ALLOW);
    ck_assert_uint_eq(ask("default", false, "getppid"), DENY(EIO));
}
END_TEST

START_TEST(included_text_stands_where_the_line_is)
{
    put("user/inner.filter", "deny EIO getuid\n");
    put("user/before.filter", NEEDED "allow getuid\ninclude inner\n");
    put("user/after.filter", NEEDED "include inner\nallow getuid\n");
    put("user/twice.filter", NEEDED "include inner\nallow getuid\ninclude inner\n");
    ck_assert_uint_eq(ask("before", false, "getuid"), DENY(EIO));
    ck_assert_uint_eq(ask("after", false, "getuid"), ALLOW);
    ck_assert_uint_eq(ask("twice", false, "getuid"), DENY(EIO));
}
END_TEST

START_TEST(nested_comes_last)
{
    put("user/mine.filter", NEEDED "deny EIO mount\n");
    ck_assert_uint_eq(ask("mine", false, "mount"), DENY(EIO));
    ck_assert_uint_eq(ask("mine", true, "mount"), ALLOW);
    unlink(path("packaged/nested.filter"));
    refused("mine", true, -EINVAL, "nested = allow: there is no nested.filter");
}
END_TEST

START_TEST(files_that_cannot_be_had)
{
    refused("missing", false, -ENOENT, "there is no missing.filter in /");
    refused("a.b", false, -ENOENT, "is no name");
    refused("", false, -ENOENT, "is no name");
    refused("-x", false, -ENOENT, "is no name");
    refused("/nowhere/x.filter", false, -ENOENT, "no such file");
    ck_assert_int_eq(mkdir(path("user/dir.filter"), 0755), 0);
    refused("dir", false, -EISDIR, "is no regular file");
    ck_assert_int_eq(mkfifo(path("user/fifo.filter"), 0644), 0);
    refused("fifo", false, -EBADF, "is no regular file");
    put("user/a.filter", NEEDED "\ninclude nowhere\n");
    refused("a", false, -EINVAL, "a.filter:3: include nowhere: there is no nowhere.filter");
    put("user/a.filter", "include\n");
    refused("a", false, -EINVAL, "a.filter:1: include: needs one filter's name");
    put("user/a.filter", "include default default\n");
    refused("a", false, -EINVAL, "a.filter:1: include: needs one filter's name");
    put("user/a.filter", "include ../default\n");
    refused("a", false, -EINVAL, "a.filter:1: include: needs one filter's name");
    put("user/a.filter", "include default\nallow wrong\n");
    refused("a", false, -EINVAL, "a.filter:2: 'wrong' is no system call");
    put("user/b.filter", "\nallow wrong\n");
    put("user/a.filter", "include b\n");
    refused("a", false, -EINVAL, "b.filter:2: 'wrong' is no system call");
}
END_TEST

START_TEST(includes_without_end)
{
    put("user/a.filter", NEEDED "include b\n");
    put("user/b.filter", "include a\n");
    refused("a", false, -EINVAL, "b.filter:1: include a: includes itself in a circle");
    put("user/b.filter", "include b\n");
    refused("a", false, -EINVAL, "b.filter:1: include b: includes itself in a circle");
    char text[4096] = NEEDED;
    for (int i = 0; i < SOURCES_MAX; i++)
        strcat(text, "include default\n");
    put("user/a.filter", text);
    refused("a", false, -EINVAL, "a.filter:25: include default: too many includes");
    for (int i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof(name), "user/deep%d.filter", i);
        snprintf(text, sizeof(text), "include deep%d\n", i + 1);
        put(name, text);
    }
    refused("deep0", false, -EINVAL, "deep7.filter:1: include deep8: too many includes");
    char *big = malloc(SOURCE_BYTES_MAX + 2);
    ck_assert_ptr_nonnull(big);
    memset(big, '\n', SOURCE_BYTES_MAX + 1);
    big[SOURCE_BYTES_MAX + 1] = '\0';
    put("user/big.filter", big);
    refused("big", false, -EFBIG, "is longer than 65536 bytes");
    free(big);
}
END_TEST

/* ---- the cache ---- */

/* Load "default" through the cache; true if it came from there. */
static bool from_cache(const char *name, bool nested, const char *call, uint32_t want)
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    ck_assert_msg(load(name, nested, true, &program, &why) == 0, "%s", why.data ? why.data : "");
    ck_assert_uint_eq(verdict(&program, call), want);
    return program.cached;
}

static bool hit(void)
{
    return from_cache("default", false, "getpid", ALLOW);
}

static const char *note(void)
{
    _cleanup_filter_program_ struct filter_program program = { 0 };
    _cleanup_buf_ struct buf why = { 0 };
    ck_assert_int_eq(load("default", false, true, &program, &why), 0);
    ck_assert(!program.cached);
    return program.cache_note;
}

/* The only entry of the cache. */
static const char *entry(void)
{
    static char name[512];
    DIR *directory = opendir(path("cache/agentjail/filters"));
    ck_assert_ptr_nonnull(directory);
    name[0] = '\0';
    for (struct dirent *d; (d = readdir(directory));)
        if (d->d_name[0] != '.') {
            ck_assert_str_eq(name, "");
            snprintf(name, sizeof(name), "%s/cache/agentjail/filters/%s", root, d->d_name);
        }
    closedir(directory);
    ck_assert_str_ne(name, "");
    return name;
}

START_TEST(second_time_from_the_cache)
{
    ck_assert(!hit());
    ck_assert(hit());
    ck_assert(hit());
    struct stat st;
    ck_assert_int_eq(stat(entry(), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(path("cache/agentjail/filters"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(another_text_is_another_entry)
{
    ck_assert(!hit());
    ck_assert(!from_cache("default", true, "mount", ALLOW));
    ck_assert(from_cache("default", true, "mount", ALLOW));
    ck_assert(from_cache("default", false, "mount", DENY(ENOSYS)));
    put("packaged/default.filter", NEEDED "allow getppid\n"); /* as long as the one before, but for one letter */
    ck_assert(!from_cache("default", false, "getpid", DENY(ENOSYS)));
    put("packaged/default.filter", NEEDED "allow getpid\n");
    ck_assert(hit());
    /* The same text somewhere else is read with other neighbours. */
    put("user/default.filter", NEEDED "allow getpid\n");
    ck_assert(!hit());
}
END_TEST

/* As if two texts had the same hash: the text decides. */
START_TEST(a_collision_does_no_harm)
{
    put("packaged/another.filter", NEEDED "kill  getpid\n"); /* as long as the default one, name and text */
    ck_assert(!from_cache("another", false, "getpid", SECCOMP_RET_KILL_PROCESS));
    char other[512];
    strcpy(other, entry());
    ck_assert_int_eq(rename(other, path("kept")), 0);
    ck_assert(!hit());
    ck_assert_int_eq(rename(path("kept"), entry()), 0);
    ck_assert(!hit());
    ck_assert(hit()); /* written anew */
}
END_TEST

/* Any byte changed anywhere: not taken, or the change was outside of what is used (there is no such byte). */
START_TEST(damaged_entries)
{
    ck_assert(!hit());
    char name[512];
    strcpy(name, entry());
    struct stat st;
    ck_assert_int_eq(stat(name, &st), 0);
    char *good = malloc((size_t)st.st_size);
    ck_assert_ptr_nonnull(good);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(read(fd, good, (size_t)st.st_size), st.st_size);
    unsigned taken = 0;
    for (off_t i = 0; i < st.st_size; i++) {
        char bad = good[i] ^ 0x10;
        fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_eq(pwrite(fd, good, (size_t)st.st_size, 0), st.st_size);
        ck_assert_int_eq(pwrite(fd, &bad, 1, i), 1);
        close(fd);
        if (hit())
            taken++;
    }
    /* What follows the NUL of the library's path is not looked at. */
    ck_assert_uint_lt(taken, 512);
    /* Cut off anywhere. */
    for (off_t i = 0; i < st.st_size; i += 7) {
        fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_eq(write(fd, good, (size_t)i), i);
        close(fd);
        ck_assert(!hit());
        ck_assert(hit());
    }
    free(good);
}
END_TEST

START_TEST(entries_not_ours)
{
    ck_assert(!hit());
    char name[512];
    strcpy(name, entry());
    ck_assert_int_eq(chmod(name, 0620), 0);
    ck_assert(!hit());
    ck_assert(hit());
    ck_assert_int_eq(rename(name, path("elsewhere")), 0);
    ck_assert_int_eq(symlink(path("elsewhere"), name), 0);
    ck_assert(!hit());
    ck_assert(hit());
    ck_assert_int_eq(link(name, path("second")), 0);
    ck_assert(!hit());
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    ck_assert(!hit());
    ck_assert(hit());
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(name, 1, 1), 0);
        ck_assert(!hit());
        ck_assert(hit());
    }
}
END_TEST

START_TEST(directory_not_ours)
{
    ck_assert(!hit());
    ck_assert(hit());
    ck_assert_int_eq(chmod(path("cache/agentjail/filters"), 0755), 0);
    ck_assert_ptr_nonnull(strstr(note(), "not the user's own with mode 0700"));
    ck_assert_int_eq(chmod(path("cache/agentjail/filters"), 0700), 0);
    ck_assert(hit());
    ck_assert_int_eq(rename(path("cache/agentjail/filters"), path("real")), 0);
    ck_assert_int_eq(symlink(path("real"), path("cache/agentjail/filters")), 0);
    ck_assert_ptr_nonnull(note());
    ck_assert_int_eq(unlink(path("cache/agentjail/filters")), 0);
    put("cache/agentjail/filters", "a file");
    ck_assert_ptr_nonnull(note());
    if (geteuid() == 0) {
        ck_assert_int_eq(unlink(path("cache/agentjail/filters")), 0);
        ck_assert_int_eq(rename(path("real"), path("cache/agentjail/filters")), 0);
        ck_assert(hit());
        ck_assert_int_eq(chown(path("cache/agentjail/filters"), 1, 1), 0);
        ck_assert_ptr_nonnull(strstr(note(), "not the user's own"));
    }
}
END_TEST

/* What cannot be kept only costs time. */
START_TEST(full_disk)
{
    struct rlimit none = { 100, 100 };
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(mkdir(path("cache"), 0700), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    ck_assert_ptr_nonnull(strstr(note(), "could not be kept"));
    DIR *directory = opendir(path("cache/agentjail/filters"));
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *d; (d = readdir(directory));)
        ck_assert_msg(d->d_name[0] == '.', "%s is left over", d->d_name);
    closedir(directory);
}
END_TEST

START_TEST(no_place_for_a_cache)
{
    put("cache", "a file");
    ck_assert_ptr_nonnull(note());
}
END_TEST

/* A temporary file that a killed process left holds the next ones up for a minute only. */
START_TEST(left_over_temporary)
{
    ck_assert(!hit());
    ck_assert_int_eq(unlink(entry()), 0);
    put("cache/agentjail/filters/new", "half");
    ck_assert(!hit());
    ck_assert(!hit());
    const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
    ck_assert_int_eq(utimensat(AT_FDCWD, path("cache/agentjail/filters/new"), old, 0), 0);
    ck_assert(!hit());
    ck_assert(hit());
    /* Old entries go when a new one is written. */
    ck_assert_int_eq(utimensat(AT_FDCWD, entry(), old, 0), 0);
    put("user/default.filter", NEEDED "allow getpid\n");
    ck_assert(!hit());
    entry(); /* one only */
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("filter files and cache");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, setup, teardown);
    tcase_add_test(files, the_first_directory_wins);
    tcase_add_test(files, a_user_s_filter_can_include_the_packaged_one);
    tcase_add_test(files, included_text_stands_where_the_line_is);
    tcase_add_test(files, nested_comes_last);
    tcase_add_test(files, files_that_cannot_be_had);
    tcase_add_test(files, includes_without_end);
    suite_add_tcase(suite, files);
    TCase *cache = tcase_create("cache");
    tcase_add_checked_fixture(cache, setup, teardown);
    tcase_set_timeout(cache, 120);
    tcase_add_test(cache, second_time_from_the_cache);
    tcase_add_test(cache, another_text_is_another_entry);
    tcase_add_test(cache, a_collision_does_no_harm);
    tcase_add_test(cache, damaged_entries);
    tcase_add_test(cache, entries_not_ours);
    tcase_add_test(cache, directory_not_ours);
    tcase_add_test(cache, full_disk);
    tcase_add_test(cache, no_place_for_a_cache);
    tcase_add_test(cache, left_over_temporary);
    suite_add_tcase(suite, cache);
    return suite;
}

int main(void)
{
    return unit_run(suite());
}
