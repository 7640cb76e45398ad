/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/cache.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "sys/library.h"
#include "sys/module.h"

#define SUBDIRECTORY "filters"
#define TEMPORARY "new"
#define FORMAT 1
#define LIBRARY_PATH_MAX 512
#define ENTRY_MAX (2U << 20)
#define KEPT_SECONDS (30 * 24 * 3600) /* an entry older than this is compiled anew, so that old ones do not pile up */
#define STALE_SECONDS 60              /* a temporary file that old was left by a process that was killed */

/* An entry: this, the text, the program. */
struct header {
    char magic[8];
    uint32_t format;
    uint32_t audit; /* native architecture */
    uint64_t text_len;
    uint64_t n; /* instructions */
    uint64_t code_hash;
    unsigned char program[PROGRAM_ID_SIZE];
    struct file_identity library;
    char library_path[LIBRARY_PATH_MAX];
};

static const char magic[8] = "ajfilter";

static struct file_identity identity(const struct stat *st)
{
    return (struct file_identity){ .device = st->st_dev,
                                   .inode = st->st_ino,
                                   .size = (uint64_t)st->st_size,
                                   .mtime_s = (uint64_t)st->st_mtim.tv_sec,
                                   .mtime_ns = (uint64_t)st->st_mtim.tv_nsec };
}

/* FNV-1a over words of 8 bytes, the last one filled up with zeros. */
static uint64_t hash(uint64_t seed, const void *data, size_t len)
{
    uint64_t h = seed ^ 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, (const char *)data + i, len - i < 8 ? len - i : 8);
        h = (h ^ word) * 0x100000001b3ULL;
        h ^= h >> 32;
    }
    return h;
}

/* The linker's build id in one PT_NOTE segment. */
static bool note_build_id(const char *note, size_t len, unsigned char ret_id[static PROGRAM_ID_SIZE])
{
    while (len >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, note, sizeof(head));
        size_t name = (head.n_namesz + 3U) & ~(size_t)3, text = (head.n_descsz + 3U) & ~(size_t)3;
        if (name > len || text > len || sizeof(head) + name + text > len)
            return false;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && head.n_descsz >= 16 &&
            head.n_descsz <= PROGRAM_ID_SIZE && memcmp(note + sizeof(head), "GNU", 4) == 0) {
            memcpy(ret_id, note + sizeof(head) + name, head.n_descsz);
            return true;
        }
        note += sizeof(head) + name + text;
        len -= sizeof(head) + name + text;
    }
    return false;
}

/* Our own build id, as mapped: asking /proc/self/exe costs 20 us more. */
static bool build_id(unsigned char ret_id[static PROGRAM_ID_SIZE])
{
    const char *table = (const char *)getauxval(AT_PHDR);
    size_t n = getauxval(AT_PHNUM);
    ElfW(Phdr) header;
    if (!table || getauxval(AT_PHENT) != sizeof(header))
        return false;
    const char *base = NULL;
    for (size_t i = 0; i < n; i++) {
        memcpy(&header, table + i * sizeof(header), sizeof(header));
        if (header.p_type == PT_PHDR)
            base = table - header.p_vaddr;
    }
    for (size_t i = 0; base && i < n; i++) {
        memcpy(&header, table + i * sizeof(header), sizeof(header));
        if (header.p_type == PT_NOTE && note_build_id(base + header.p_vaddr, header.p_memsz, ret_id))
            return true;
    }
    return false;
}

/* What tells this program, and so its compiler, from any other build of it. */
static int program_id(unsigned char ret_id[static PROGRAM_ID_SIZE])
{
    _Static_assert(sizeof(struct file_identity) <= PROGRAM_ID_SIZE, "PROGRAM_ID_SIZE is too small");
    _cleanup_buf_ struct buf pair = { 0 };
    struct stat st;
    int r = module_path(LIBRARY_PROGRAM, &pair);
    if (r < 0)
        return r;
    if (library_paired(pair.data) && stat(pair.data, &st) == 0) { /* it compiles for both */
        struct file_identity both = identity(&st);
        memcpy(ret_id, &both, sizeof(both));
        return 0;
    }
    if (build_id(ret_id))
        return 0;
    if (stat("/proc/self/exe", &st) < 0)
        return -errno;
    struct file_identity own = identity(&st);
    memcpy(ret_id, &own, sizeof(own));
    return 0;
}

/* Open the entries' directory and check that it is ours alone. */
static int open_directory(struct cache *cache, const char *cache_dir)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/" SUBDIRECTORY, cache_dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != geteuid() || (st.st_mode & 077))
        return -EACCES;
    cache->directory = TAKE_FD(fd);
    return 0;
}

static void refuse(struct cache *cache, int r)
{
    cache->note = r == -EACCES ? "the filter cache is not used: its directory is not the user's own with mode 0700" :
                                 "the filter cache is not used: its directory cannot be opened";
}

void cache_open(struct cache *cache, const char *cache_dir, const struct source_set *sources)
{
    *cache = (struct cache){ .directory = -1 };
    if (!cache_dir)
        return;
    if (program_id(cache->program) < 0) {
        cache->note = "the filter cache is not used: /proc/self/exe cannot be examined";
        return;
    }
    uint64_t key = hash(FORMAT, cache->program, sizeof(cache->program));
    key = hash(key, sources->text.data, sources->text.len);
    snprintf(cache->name, sizeof(cache->name), "%016llx", (unsigned long long)key);

    int r = open_directory(cache, cache_dir);
    if (r < 0 && r != -ENOENT)
        refuse(cache, r);
}

void cache_close(struct cache *cache)
{
    cleanup_close(&cache->directory);
}

/* ---- look-up ---- */

static bool same(const struct file_identity *a, const struct file_identity *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* The libseccomp that the entry was made with still stands where it stood. */
static bool library_unchanged(const struct header *header)
{
    struct stat st;
    if (!memchr(header->library_path, '\0', LIBRARY_PATH_MAX) || stat(header->library_path, &st) < 0)
        return false;
    struct file_identity now = identity(&st);
    return same(&now, &header->library);
}

static bool header_fits(const struct header *header, size_t size, const struct cache *cache,
                        const struct source_set *sources)
{
    return memcmp(header->magic, magic, sizeof(magic)) == 0 && header->format == FORMAT &&
        header->audit == architecture_native()->audit && header->text_len == sources->text.len &&
        header->n > 0 && header->n <= BPF_MAXINSNS &&
        size == sizeof(*header) + header->text_len + header->n * sizeof(struct sock_filter) &&
        memcmp(header->program, cache->program, sizeof(cache->program)) == 0 && library_unchanged(header);
}

/* Read an entry, if it is a regular file of the user's that nobody else can write. */
static int read_entry(const struct cache *cache, struct buf *entry)
{
    _cleanup_close_ int fd = openat(cache->directory, cache->name,
                                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) || st.st_nlink != 1)
        return -EACCES;
    if (st.st_size < (off_t)sizeof(struct header) || st.st_size > (off_t)ENTRY_MAX)
        return -EBADMSG;
    entry->size = (size_t)st.st_size + 4096; /* room for buf_read_fd(), so that it need not grow in steps */
    entry->data = malloc(entry->size);
    if (!entry->data)
        return -ENOMEM;
    return buf_read_fd(entry, fd, ENTRY_MAX);
}

int cache_load(struct cache *cache, const struct source_set *sources, struct filter_program *ret_program)
{
    if (cache->directory < 0)
        return -ENOENT;
    _cleanup_buf_ struct buf entry = { 0 };
    if (read_entry(cache, &entry) < 0)
        return -ENOENT;

    struct header header;
    if (entry.len < sizeof(header))
        return -ENOENT;
    memcpy(&header, entry.data, sizeof(header));
    if (!header_fits(&header, entry.len, cache, sources))
        return -ENOENT;
    const char *text = entry.data + sizeof(header);
    if (memcmp(text, sources->text.data, sources->text.len) != 0)
        return -ENOENT;

    size_t bytes = header.n * sizeof(struct sock_filter);
    struct sock_filter *code = malloc(bytes);
    if (!code)
        return -ENOENT;
    memcpy(code, text + sources->text.len, bytes);
    if (hash(FORMAT, code, bytes) != header.code_hash || !filter_program_valid(code, header.n)) {
        free(code);
        return -ENOENT;
    }
    *ret_program = (struct filter_program){ .code = code, .n = header.n, .cached = true };
    return 0;
}

/* ---- store ---- */

/* Make the directories that lead to the entries; those above cache_dir as well. */
static int make_directory(struct cache *cache, const char *cache_dir)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/" SUBDIRECTORY, cache_dir);
    if (n < 0 || (size_t)n >= sizeof(path) || path[0] != '/')
        return -ENAMETOOLONG;
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    return open_directory(cache, cache_dir);
}

static void unlink_older(int directory, const char *name, time_t seconds)
{
    struct stat st;
    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtim.tv_sec < time(NULL) - seconds)
        unlinkat(directory, name, 0);
}

/* Remove entries that nothing was compiled into for long. */
static void sweep(int directory)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strlen(entry->d_name) == 16)
            unlink_older(directory, entry->d_name, KEPT_SECONDS);
}

static int write_all(int fd, const void *data, size_t len)
{
    for (const char *p = data; len > 0;) {
        ssize_t n = write(fd, p, len);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_entry(int directory, const char *name, const struct buf *entry)
{
    unlink_older(directory, TEMPORARY, STALE_SECONDS);
    _cleanup_close_ int fd = openat(directory, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0 : -errno; /* another process is at it */
    int r = write_all(fd, entry->data, entry->len);
    if (r >= 0 && renameat(directory, TEMPORARY, directory, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(directory, TEMPORARY, 0);
    return r;
}

static int store(struct cache *cache, const struct source_set *sources, const struct names *names,
                 const struct filter_program *program)
{
    struct header header = { .format = FORMAT,
                             .audit = architecture_native()->audit,
                             .text_len = sources->text.len,
                             .n = program->n };
    const char *path;
    struct stat st;
    int r = names_library(names, &path, &st);
    if (r < 0)
        return r;
    if (strlen(path) >= LIBRARY_PATH_MAX)
        return -ENAMETOOLONG;
    strcpy(header.library_path, path);
    header.library = identity(&st);
    memcpy(header.magic, magic, sizeof(magic));
    memcpy(header.program, cache->program, sizeof(header.program));
    size_t bytes = program->n * sizeof(*program->code);
    header.code_hash = hash(FORMAT, program->code, bytes);

    _cleanup_buf_ struct buf entry = { 0 };
    r = buf_add(&entry, &header, sizeof(header));
    if (r >= 0)
        r = buf_add(&entry, sources->text.data, sources->text.len);
    if (r >= 0)
        r = buf_add(&entry, program->code, bytes);
    return r < 0 ? r : write_entry(cache->directory, cache->name, &entry);
}

void cache_store(struct cache *cache, const char *cache_dir, const struct source_set *sources,
                 const struct names *names, const struct filter_program *program)
{
    if (!cache_dir || cache->note)
        return;
    if (cache->directory < 0) {
        int r = make_directory(cache, cache_dir);
        if (r < 0) {
            refuse(cache, r);
            return;
        }
    }
    sweep(cache->directory);
    if (store(cache, sources, names, program) < 0)
        cache->note = "the compiled filter could not be kept in the cache (read-only or full file system?)";
}
