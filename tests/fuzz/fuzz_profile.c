/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of profiles, ceilings and the command line. The first byte chooses: the line reader against a second one that
 * knows nothing of inih; a whole load with the input as profile; one with it as ceiling; or as command line, words
 * separated by NUL. Properties: what the reader reports is what stands in the lines; a load that succeeds gives paths
 * in normal form; one that fails says why. */
#include <ftw.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "profile/path.h"
#include "profile/policy_load.h"
#include "profile/reader.h"
#include "profile/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* --- the reader --- */

struct second {
    const char *text, *end;
    unsigned line;
    char section[64];
};

static size_t trim(const char **p, size_t len)
{
    while (len && (**p == ' ' || **p == '\t')) {
        (*p)++;
        len--;
    }
    while (len && ((*p)[len - 1] == ' ' || (*p)[len - 1] == '\t'))
        len--;
    return len;
}

/* Move to the next line that is no comment; its text and length, or false at the end. */
static bool second_line(struct second *s, const char **ret, size_t *ret_len)
{
    while (s->text < s->end) {
        const char *line = s->text, *newline = memchr(line, '\n', (size_t)(s->end - line));
        size_t len = newline ? (size_t)(newline - line) : (size_t)(s->end - line);
        s->text = newline ? newline + 1 : s->end;
        s->line++;
        len = trim(&line, len);
        if (len == 0 || *line == '#' || *line == ';')
            continue;
        if (*line == '[') {
            require(len > 2 && len - 2 < sizeof(s->section) && line[len - 1] == ']');
            memcpy(s->section, line + 1, len - 2);
            s->section[len - 2] = '\0';
            continue;
        }
        *ret = line;
        *ret_len = len;
        return true;
    }
    return false;
}

/* Each key that is reported must be the next one that the second reader finds, byte for byte. */
static int compare(void *data, const char *section, const char *name, const char *value, unsigned line, struct buf *why)
{
    struct second *s = data;
    const char *text, *equals;
    size_t len;
    (void)why;
    require(second_line(s, &text, &len));
    require(s->line == line && strcmp(s->section, section) == 0);
    equals = memchr(text, '=', len);
    require(!equals == !value);
    const char *own_name = text, *own_value = equals ? equals + 1 : NULL;
    size_t name_len = trim(&own_name, equals ? (size_t)(equals - text) : len);
    require(name_len == strlen(name) && memcmp(name, own_name, name_len) == 0);
    if (value) {
        size_t value_len = trim(&own_value, (size_t)(text + len - own_value));
        require(value_len == strlen(value) && memcmp(value, own_value, value_len) == 0);
    }
    return 0;
}

static void fuzz_reader(const char *text, size_t len)
{
    struct second s = { .text = text, .end = text + len };
    struct buf why = { 0 };
    int r = reader_parse("f", text, len, compare, &s, &why);
    const char *rest;
    size_t rest_len;
    if (r == 0)
        require(!second_line(&s, &rest, &rest_len)); /* nothing was left out */
    else
        require(why.len > 0);
    buf_free(&why);
}

/* --- loads --- */

static char root[128];
static char paths[6][PATH_MAX]; /* etc/agentjail, its policy.d, share, work, and the two files that inputs become */
static char home[PATH_MAX];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_root(void)
{
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0 && write(fd, data, len) == (ssize_t)len);
    close(fd);
}

static void set_up(void)
{
    static bool done;
    static const char *const below[] = { "etc",   "etc/agentjail", "etc/agentjail/policy.d",
                                         "share", "share/include", "work" };
    char dir[PATH_MAX];
    if (done)
        return;
    umask(077);
    const char *tmp = getenv("TMPDIR");
    require(snprintf(root, sizeof(root), "%s/agentjail-fuzz-XXXXXX", tmp ? tmp : "/tmp") < (int)sizeof(root));
    require(mkdtemp(root) != NULL);
    atexit(remove_root);
    for (size_t i = 0; i < ELEMENTSOF(below); i++) {
        snprintf(dir, sizeof(dir), "%s/%s", root, below[i]);
        require(mkdir(dir, 0700) == 0);
    }
    static const char *const used[] = { "etc/agentjail", "etc/agentjail/policy.d", "share",
                                        "work",          "share/default.ini",      "etc/agentjail/policy.d/1.ini" };
    for (size_t i = 0; i < ELEMENTSOF(used); i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", root, used[i]);
    snprintf(home, sizeof(home), "HOME=%s/home", root);
    snprintf(dir, sizeof(dir), "%s/share/include/part.ini", root);
    write_file(dir, "[files]\nread = /part\n", 21);
    done = true;
}

static void check_policy(const struct policy *p)
{
    struct arena *arena = arena_new();
    char *normal;
    for (size_t i = 0; i < p->n_grants; i++) {
        require(path_normalise(arena, p->grants[i].path, &normal) == 0);
        require(strcmp(normal, p->grants[i].path) == 0);
        require(p->grants[i].kind != GRANT_DEVICE || strncmp(normal, "/dev/", 5) == 0);
    }
    for (size_t i = 0; i < p->n_env; i++)
        require(p->env[i].name[0] && !strchr(p->env[i].name, '='));
    require(p->network >= NETWORK_NONE && p->network <= NETWORK_HOST);
    require(p->backend <= BACKEND_MICROVM_OPTIONAL && (!p->microvm || p->backend != BACKEND_NAMESPACE));
    require(p->filter.value && p->name && p->home_target);
    require(!p->memory.set || p->memory.value > 0);
    arena_free(arena);
}

static void load(int argc, char **argv)
{
    static char user[] = "USER=fuzz", path[] = "PATH=/usr/bin";
    char *env[] = { home, user, path, NULL };
    const struct policy_host host = { .system_dir = paths[0],
                                      .package_dir = paths[2],
                                      .filter_dir = paths[2],
                                      .cwd = paths[3],
                                      .env = env,
                                      .uid = getuid() };
    struct policy_request request;
    struct policy policy;
    struct buf why = { 0 };
    int r = request_parse(argc, argv, &request, &why);
    if (r == 0) {
        request.host = &host;
        r = policy_load(&request, &policy, &why);
        request_free(&request);
        if (r == 0) {
            check_policy(&policy);
            policy_free(&policy);
        }
    }
    require(r == 0 || why.len > 0);
    buf_free(&why);
}

static void fuzz_file(const char *text, size_t len, bool ceiling)
{
    char *argv[] = { (char *)(uintptr_t) "agentjail", (char *)(uintptr_t) "x", NULL };
    write_file(paths[4], ceiling ? "[files]\nread = /usr\n" : text, ceiling ? 20 : len);
    write_file(paths[5], ceiling ? text : "", ceiling ? len : 0);
    load(2, argv);
}

static void fuzz_command_line(const char *text, size_t len)
{
    char *argv[34] = { (char *)(uintptr_t) "agentjail" }, *copy = malloc(len + 1);
    int argc = 1;
    require(copy != NULL);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    for (size_t i = 0; i < len && argc < 33; i += strlen(copy + i) + 1)
        argv[argc++] = copy + i;
    write_file(paths[4], "[files]\nprotect = -.git\n", 24);
    write_file(paths[5], "", 0);
    load(argc, argv);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    set_up();
    switch (data[0] % 4) {
    case 0:
        fuzz_reader(text, size - 1);
        break;
    case 1:
        fuzz_file(text, size - 1, false);
        break;
    case 2:
        fuzz_file(text, size - 1, true);
        break;
    default:
        fuzz_command_line(text, size - 1);
        break;
    }
    return 0;
}
