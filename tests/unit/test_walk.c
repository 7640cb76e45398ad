/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* walk_open() gives what openat2(2) gives: for a table of paths, beside it. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/walk.h"

static char tree[128];
static int root;

static void make_file(const char *name)
{
    int fd = openat(root, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* outside, root/{file,dir/{file,sub/}} and links of all sorts. */
static void make_tree(void)
{
    static const char *const links[][2] = {
        { "file", "to-file" },        { "dir", "to-dir" },        { "/dir", "to-abs" },      { "../outside", "to-out" },
        { "nowhere", "dangling" },    { "loop", "loop" },         { "dir/sub/..", "to-up" }, { "/../../dir/file", "to-deep" },
        { "dir/", "to-slash" },       { "/proc/self", "to-proc" }, { "../../to-file", "dir/sub/up" },
    };
    unit_dir(tree, sizeof(tree));
    ck_assert_int_eq(chdir(tree), 0);
    ck_assert_int_eq(mkdir("root", 0700) | mkdir("root/dir", 0700) | mkdir("root/dir/sub", 0700), 0);
    root = AT_FDCWD;
    make_file("outside");
    root = open("root", O_PATH | O_CLOEXEC);
    make_file("file");
    make_file("dir/file");
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        ck_assert_int_eq(symlinkat(links[i][0], root, links[i][1]), 0);
}

static void remove_tree(void)
{
    char command[160];
    ck_assert_int_eq(chdir(".."), 0);
    snprintf(command, sizeof(command), "rm -rf %s", tree);
    ck_assert_int_eq(system(command), 0);
    close(root);
}

static const char *const paths[] = {
    "file", "dir", "dir/", "dir/.", "dir/..", "dir/file", "dir/file/", "dir/file/.", "dir/file/..", "dir/sub/../file",
    "/", "", ".", "..", "../..", "../outside", "/file", "/dir/sub", "//dir//sub//", "./dir/./sub", "nowhere", "nowhere/x",
    "to-file", "to-file/", "to-file/x", "to-dir", "to-dir/", "to-dir/file", "to-abs", "to-abs/file", "to-out", "dangling",
    "dangling/x", "loop", "loop/x", "to-up", "to-up/file", "to-deep", "to-slash", "to-slash/file", "dir/sub/up",
    "to-abs/../file", "dir/sub/../../../../file", "dir/../to-dir/sub/../../to-file", "to-dir/..", "../root/file",
};

static int by_kernel(const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
    const struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };
    int fd;
    do /* it is unsure of ".." when somebody else renames or mounts something */
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    while (fd < 0 && errno == EAGAIN);
    return fd < 0 ? -errno : fd;
}

static void compare(const char *path, uint64_t flags, uint64_t resolve)
{
    struct stat a = { 0 }, b = { 0 };
    int kernel = by_kernel(path, flags | O_CLOEXEC, 0, resolve);
    int walked = walk_open(root, path, flags | O_CLOEXEC, 0, resolve);
    ck_assert_msg((kernel < 0 && walked == kernel) || (kernel >= 0 && walked >= 0), "%s %llx %llx: %s, not %s", path,
                  (unsigned long long)flags, (unsigned long long)resolve, walked < 0 ? strerror(-walked) : "opened",
                  kernel < 0 ? strerror(-kernel) : "opened");
    if (kernel < 0)
        return;
    ck_assert_int_eq(fstat(kernel, &a) | fstat(walked, &b), 0);
    ck_assert_msg(a.st_dev == b.st_dev && a.st_ino == b.st_ino, "%s is another file", path);
    ck_assert_int_eq(fcntl(kernel, F_GETFL) & (O_ACCMODE | O_PATH), fcntl(walked, F_GETFL) & (O_ACCMODE | O_PATH));
    ck_assert_int_eq(fcntl(walked, F_GETFD), FD_CLOEXEC);
    close(kernel);
    close(walked);
}

static bool kernel_has_it(void)
{
    int fd = by_kernel(".", O_PATH | O_CLOEXEC, 0, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

START_TEST(test_as_openat2)
{
    static const uint64_t flags[] = { O_PATH, O_PATH | O_DIRECTORY, O_PATH | O_NOFOLLOW, O_RDONLY, O_RDONLY | O_DIRECTORY };
    static const uint64_t resolve[] = { RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
                                        RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
                                        RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS };
    make_tree();
    for (size_t i = 0; kernel_has_it() && i < sizeof(paths) / sizeof(paths[0]); i++)
        for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
            for (size_t r = 0; r < sizeof(resolve) / sizeof(resolve[0]); r++)
                compare(paths[i], flags[f], resolve[r]);
    remove_tree();
}
END_TEST

/* With what does not depend on the kernel. */
START_TEST(test_stays_in_root)
{
    struct stat in, out;
    make_tree();
    int fd = walk_open(root, "to-out", O_PATH, 0, RESOLVE_IN_ROOT);
    ck_assert_int_eq(fd, -ENOENT);
    make_file("outside");
    fd = walk_open(root, "../../to-out", O_PATH, 0, RESOLVE_IN_ROOT);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &in) | stat("outside", &out), 0);
    ck_assert(in.st_ino != out.st_ino);
    close(fd);
    ck_assert_int_eq(walk_open(root, "to-file", O_PATH, 0, RESOLVE_NO_SYMLINKS), -ELOOP);
    ck_assert_int_eq(walk_open(root, "file", O_PATH, 0, RESOLVE_NO_XDEV), -EINVAL);
    ck_assert_int_eq(walk_open(root, "../outside", O_PATH, 0, RESOLVE_BENEATH), -EXDEV);
    ck_assert_int_eq(walk_open(root, "to-out", O_PATH, 0, RESOLVE_BENEATH), -EXDEV);
    ck_assert_int_eq(walk_open(root, "/file", O_PATH, 0, RESOLVE_BENEATH), -EXDEV);
    remove_tree();
}
END_TEST

START_TEST(test_creates)
{
    struct stat st;
    make_tree();
    int fd = walk_open(root, "dangling", O_WRONLY | O_CREAT | O_CLOEXEC, 0640, RESOLVE_IN_ROOT);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(fstatat(root, "nowhere", &st, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert(S_ISREG(st.st_mode) && (st.st_mode & 07777 & ~0640U) == 0);
    fd = walk_open(root, "to-dir/new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, RESOLVE_IN_ROOT);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(walk_open(root, "to-dir/new", O_WRONLY | O_CREAT | O_EXCL, 0600, RESOLVE_IN_ROOT), -EEXIST);
    ck_assert_int_eq(walk_open(root, "to-file", O_WRONLY | O_CREAT | O_EXCL, 0600, RESOLVE_NO_SYMLINKS), -EEXIST);
    ck_assert_int_eq(walk_open(root, "to-file", O_WRONLY | O_CREAT, 0600, RESOLVE_NO_SYMLINKS), -ELOOP);
    remove_tree();
}
END_TEST

/* What a magic link leads to is not to be had through it. */
START_TEST(test_magic)
{
    int fd = walk_open(AT_FDCWD, "/proc/self/exe", O_PATH, 0, RESOLVE_NO_MAGICLINKS);
    ck_assert_int_eq(fd, -ELOOP);
    ck_assert_int_eq(walk_open(AT_FDCWD, "/proc/self/ns/mnt", O_PATH, 0, RESOLVE_NO_MAGICLINKS), -ELOOP);
    fd = walk_open(AT_FDCWD, "/proc/self/status", O_PATH, 0, RESOLVE_NO_MAGICLINKS);
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(test_long)
{
    static char path[PATH_MAX + 1], name[NAME_MAX + 2];
    memset(path, 'a', sizeof(path) - 1);
    memset(name, 'a', sizeof(name) - 1);
    ck_assert_int_eq(walk_open(AT_FDCWD, path, O_PATH, 0, 0), -ENAMETOOLONG);
    ck_assert_int_eq(walk_open(AT_FDCWD, name, O_PATH, 0, 0), -ENAMETOOLONG);
    for (size_t i = 0; i + 2 < sizeof(path); i += 2)
        memcpy(path + i, "./", 2);
    path[sizeof(path) - 2] = '\0';
    int fd = walk_open(AT_FDCWD, path, O_PATH, 0, RESOLVE_IN_ROOT);
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("walk");
    TCase *tc = tcase_create("all");
    tcase_add_test(tc, test_as_openat2);
    tcase_add_test(tc, test_stays_in_root);
    tcase_add_test(tc, test_creates);
    tcase_add_test(tc, test_magic);
    tcase_add_test(tc, test_long);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
