/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evidence/key.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "evidence/chain.h"

/* A name that another process may be writing too: each has the same to write. */
static int write_public(int dir, const uint8_t key[static KEY_SIZE])
{
    char line[2 * KEY_PUBLIC_SIZE + 2];
    hex_write(line, ed25519_public(key), KEY_PUBLIC_SIZE);
    line[2 * KEY_PUBLIC_SIZE] = '\n';
    _cleanup_close_ int fd = openat(dir, KEY_PUBLIC_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, line, 2 * KEY_PUBLIC_SIZE + 1);
    return n < 0 ? -errno : n == 2 * KEY_PUBLIC_SIZE + 1 ? 0 : -ENOSPC;
}

/* Under the file's lock, so that of two first jails both get the same key. */
static int make(int dir, int fd, uint8_t key[static KEY_SIZE])
{
    uint8_t random[KEY_SIZE - KEY_PUBLIC_SIZE];
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -errno;
    ed25519_key(key, random);
    explicit_bzero(random, sizeof(random));
    int r = write_public(dir, key); /* first: a key that is there has its public half */
    if (r < 0)
        return r;
    ssize_t n = pwrite(fd, key, KEY_SIZE, 0);
    if (n == KEY_SIZE)
        return fsync(fd) < 0 ? -errno : 0;
    r = n < 0 ? -errno : -ENOSPC;
    (void)!ftruncate(fd, 0);
    return r;
}

int key_get(int dir, uint8_t ret_key[static KEY_SIZE])
{
    struct stat st;
    _cleanup_close_ int fd = openat(dir, KEY_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 077)
        return -EPERM;
    ssize_t n = pread(fd, ret_key, KEY_SIZE, 0);
    if (n == 0) {
        if (flock(fd, LOCK_EX) < 0)
            return -errno;
        n = pread(fd, ret_key, KEY_SIZE, 0);
        if (n == 0)
            return make(dir, fd, ret_key);
    }
    return n < 0 ? -errno : n == KEY_SIZE ? 0 : -EBADMSG;
}

int key_get_public(int dir, uint8_t ret[static KEY_PUBLIC_SIZE])
{
    _cleanup_buf_ struct buf text = { 0 };
    int r = buf_read_file(&text, dir, KEY_PUBLIC_FILE, 256);
    if (r < 0)
        return r;
    size_t len = text.data ? strcspn(text.data, "\n") : 0;
    return hex_read(ret, KEY_PUBLIC_SIZE, text.data ? text.data : "", len) ? 0 : -EBADMSG;
}
