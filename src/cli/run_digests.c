/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. What is hashed is a file that we have open; device, inode and the time of its last change go into the
 * rule. plan/runs.c takes the path for no other file, the jail's set-up pins no other (OP_CHECKED), and a mount of its own
 * shows it read-only inside. Should the host put another in its place, that mount goes, and with it what lets the name be
 * executed. Whoever may write the file itself on the host can still change it in place: that is not the jail's to keep. */
#include "cli/run_digests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "evidence/crypto.h"
#include "profile/origin.h"

enum { BLOCK = 1 << 16, HEX_SIZE = 2 * HASH_SIZE + 1 };

static int refuse(const struct run_rule *rule, int error, const char *problem, struct buf *why)
{
    origin_print(why, &rule->origin, origin_word(&rule->origin, "allow", "exec-allow"));
    buf_printf(why, "%s: %s", rule->path, problem);
    return error;
}

/* 0 or -errno. */
static int hash(int fd, char ret_hex[static HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    _cleanup_free_ char *block = malloc(BLOCK);
    uint8_t digest[HASH_SIZE];
    struct sha256 state;
    ssize_t n;
    if (!block)
        return -ENOMEM;
    sha256_begin(&state);
    while ((n = read(fd, block, BLOCK)) != 0) {
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            sha256_add(&state, block, (size_t)n);
    }
    sha256_end(&state, digest);
    for (size_t i = 0; i < HASH_SIZE; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[HEX_SIZE - 1] = '\0';
    return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int check(struct run_rule *rule, struct buf *why)
{
    struct stat before, after;
    char hex[HEX_SIZE];
    _cleanup_close_ int fd = open(rule->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        rule->unhashed = true; /* should it be there for the plan it is refused, whatever it is */
        return 0;
    }
    if (fd < 0 || fstat(fd, &before) < 0)
        return refuse(rule, -errno, "cannot be read, so its digest cannot be checked; make it readable, or leave sha256: out",
                      why);
    if (!S_ISREG(before.st_mode))
        return refuse(rule, -EINVAL, "is no file; a digest is of one: name the program, or leave sha256: out", why);
    int r = hash(fd, hex);
    if (r < 0)
        return refuse(rule, r, "cannot be read to its end, so its digest cannot be checked", why);
    if (fstat(fd, &after) < 0 || !is_same(&before, &after))
        return refuse(rule, -EAGAIN, "was written to while it was hashed; try again when nobody does", why);
    if (strcmp(hex, rule->sha256) != 0) {
        (void)refuse(rule, 0, "another file than the one that is allowed: it has sha256:", why);
        buf_printf(why, "%s, and sha256:%s is written; if it is the right one, write that", hex, rule->sha256);
        return -EBADMSG;
    }
    rule->dev = after.st_dev;
    rule->ino = after.st_ino;
    rule->changed = after.st_ctim;
    return 0;
}

int run_digests_check(struct policy *policy, struct buf *why)
{
    bool opened = false;
    int r = 0;
    for (size_t i = 0; i < policy->n_run_rules && r >= 0; i++) {
        if (!policy->run_rules[i].sha256)
            continue;
        r = opened ? 0 : crypto_open(why);
        opened = true;
        if (r >= 0)
            r = check(&policy->run_rules[i], why);
    }
    return r;
}
