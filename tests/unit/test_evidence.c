/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records against the schema, the chain against whoever alters it, and what becomes of records that cannot be written. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/parse.h"
#include "evidence/evidence.h"
#include "evidence/json_read.h"
#include "evidence/key.h"
#include "evidence/log_file.h"
#include "evidence/verify.h"
#include "unit.h"

/* --- OCSF 1.3.0: what its class definitions require of the classes that are used, in our words --- */

static const struct class {
    unsigned uid;
    const char *activities;   /* activity_id that there are; 99 goes everywhere */
    const char *required;     /* paths, beside those that every event has */
    const char *one_of;       /* at least one of these paths, or NULL */
    bool controls;            /* profile security_control */
} classes[] = {
    { 1001, "1 2 3 4 5 6 7 8 9 10 11 12 13 14", "actor device device.type_id file file.name file.type_id", NULL, true },
    { 1003, "1 2 3 4", "actor device device.type_id kernel kernel.name kernel.type_id", NULL, true },
    { 1007, "1 2 3 4 5", "actor device device.type_id process process.pid", NULL, true },
    { 1008, "1 2 3 4 5 6 7 8 9 10", "actor device device.type_id", "log_name log_provider log_type", true },
    { 2004, "1 2 3", "finding_info finding_info.title finding_info.uid", NULL, true },
    { 4001, "1 2 3 4 5 6 7", "dst_endpoint", "dst_endpoint.ip dst_endpoint.hostname dst_endpoint.svc_name", true },
    { 4002, "1 2 3 4 5 6 7 8", "dst_endpoint http_request http_response http_response.code", NULL, true },
    { 4003, "1 2 6", "dst_endpoint query query.hostname", NULL, true },
    { 6002, "1 2 3 4 5 6 7 8", "app app.name app.vendor_name", NULL, false },
};
static const char every[] = "activity_id category_uid class_uid type_uid severity_id time metadata metadata.version "
                            "metadata.product metadata.product.name metadata.product.vendor_name";
/* Objects of which at least one member must be there, and those whose members the table knows all of. */
static const char actor_members[] = "process user invoked_by session app_name app_uid";

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += len)
        if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    return false;
}

static size_t count_found(const struct json_line *line, const char *paths, const char *before)
{
    size_t n = 0;
    char copy[512], *rest = copy, path[128];
    snprintf(copy, sizeof(copy), "%s", paths);
    for (char *word; (word = strsep(&rest, " "));) {
        snprintf(path, sizeof(path), "%s%s", before, word);
        n += json_find(line, path) != NULL;
    }
    return n;
}

static void expect_all(const struct json_line *line, const char *paths)
{
    char copy[512], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", paths);
    for (char *word; (word = strsep(&rest, " "));)
        ck_assert_msg(json_find(line, word) != NULL, "no %s", word);
}

static uint64_t number_at(const struct json_line *line, const char *path)
{
    uint64_t n = 0;
    ck_assert_msg(json_number(json_find(line, path), &n), "%s is no number", path);
    return n;
}

static void expect_valid(const char *text, size_t len)
{
    static struct json_line line;
    const struct class *class = NULL;
    char activity[8];
    ck_assert_int_eq(json_read(&line, text, len), 0);
    expect_all(&line, every);
    uint64_t uid = number_at(&line, "class_uid"), id = number_at(&line, "activity_id");
    for (size_t i = 0; i < ELEMENTSOF(classes); i++)
        if (classes[i].uid == uid)
            class = &classes[i];
    ck_assert_ptr_nonnull(class);
    ck_assert_uint_eq(number_at(&line, "category_uid"), uid / 1000);
    ck_assert_uint_eq(number_at(&line, "type_uid"), uid * 100 + id);
    ck_assert_uint_le(number_at(&line, "severity_id"), 6);
    ck_assert(json_is(json_find(&line, "metadata.version"), "1.3.0"));
    snprintf(activity, sizeof(activity), "%u", (unsigned)id);
    ck_assert(id == 99 ? json_find(&line, "activity_name") != NULL : has_word(class->activities, activity));
    expect_all(&line, class->required);
    ck_assert(!class->one_of || count_found(&line, class->one_of, ""));
    ck_assert(!json_find(&line, "actor") || count_found(&line, actor_members, "actor."));
    const struct json_value *profiles = json_find(&line, "metadata.profiles"), *action = json_find(&line, "action_id");
    ck_assert(!action == !profiles); /* the profile requires action_id, and that belongs to the profile */
    ck_assert(!profiles || (class->controls && json_is(json_element(&line, profiles, 0), "security_control")));
    ck_assert(!action || number_at(&line, "action_id") - 1 <= 1);
}

/* --- every kind of event, full and empty --- */

static const struct ocsf_jail jail = { "0123abcd", "host", "profile" };

static struct event full_event(enum event_kind kind, enum event_activity activity, char *const *argv)
{
    return (struct event){ .kind = kind, .activity = activity, .verdict = EVENT_DENIED, .source = SOURCE_INIT, .verified = true,
                           .error_set = true, .error = EACCES, .status_set = true, .status = 3, .time_ns = 1795825209533656683,
                           .pid = 7, .parent = 3, .exe = "/usr/bin/x", .cwd = "/w", .argv = argv, .call = "openat",
                           .path = "/w/\xff\n\"\\\x1b[31m", .second = "/w/b", .flags = 0x41, .mode = 0644, .protocol = "tls",
                           .host = "a.example", .address = "192.0.2.1", .port = 443, .sent = 10, .received = 20, .count = 2,
                           .rule = { "/etc/x.ini", 12 }, .rule_text = "allow = a.example", .digest = "00", .text = "why",
                           .fix = "read = /w" };
}

/* What event.h permits. */
static bool fits(enum event_kind kind, enum event_activity a)
{
    switch (kind) {
    case EVENT_LIFECYCLE:
        return a <= ACTIVITY_CHANGE;
    case EVENT_PROCESS:
        return a == ACTIVITY_EXEC || a == ACTIVITY_EXIT;
    case EVENT_FILE:
        return a >= ACTIVITY_OPEN && a <= ACTIVITY_ATTRIBUTE;
    case EVENT_NETWORK:
        return a == ACTIVITY_OPEN || a == ACTIVITY_CLOSE;
    case EVENT_DNS:
        return a == ACTIVITY_QUERY;
    case EVENT_HTTP:
        return a == ACTIVITY_REQUEST;
    case EVENT_DECISION:
        return a == ACTIVITY_CALL;
    case EVENT_FENCE:
        return a == ACTIVITY_LOST || a == ACTIVITY_RESTORED;
    default:
        return a == ACTIVITY_OTHER;
    }
}

START_TEST(records_follow_the_schema)
{
    char *argv[] = { "x", "a b", "", "\x80\n", NULL };
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        for (int activity = 0; activity < ACTIVITIES; activity++) {
            /* what the header permits, which the classes have numbers for; the rest must be valid too */
            struct event events[] = { full_event((enum event_kind)kind, (enum event_activity)activity, argv),
                                      { .kind = (enum event_kind)kind, .activity = (enum event_activity)activity,
                                        .mode = -1, .pid = 1, .time_ns = 1 } };
            for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                struct buf out = { 0 };
                ck_assert_int_eq(ocsf_write(&out, &jail, &events[i], 5, NULL), 0);
                ck_assert_int_eq(buf_str(&out, "}}"), 0);
                for (size_t k = 0; k < out.len; k++)
                    ck_assert((unsigned char)out.data[k] >= 0x20 && (unsigned char)out.data[k] != 0x7f);
                ck_assert(utf8_valid(out.data, out.len));
                if (fits(events[i].kind, events[i].activity))
                    expect_valid(out.data, out.len);
                buf_free(&out);
            }
        }
    }
}
END_TEST

START_TEST(what_is_cut_says_so)
{
    static char path[2 * EVENT_TEXT_MAX + 1], word[EVENT_ARGV_MAX + 2];
    char *argv[] = { word, word, NULL };
    static struct json_line line;
    struct buf out = { 0 };
    memset(path, 'p', sizeof(path) - 1);
    memset(word, 'w', sizeof(word) - 1);
    struct event e = { .kind = EVENT_FILE, .activity = ACTIVITY_WRITE, .mode = -1, .path = path, .time_ns = 1 };
    ck_assert_int_eq(ocsf_write(&out, &jail, &e, 1, NULL), 0);
    ck_assert_int_eq(buf_str(&out, "}}"), 0);
    ck_assert_uint_lt(out.len, 4 * EVENT_TEXT_MAX);
    ck_assert_int_eq(json_read(&line, out.data, out.len), 0);
    ck_assert_ptr_nonnull(json_find(&line, "unmapped.cut"));
    ck_assert_uint_eq(json_find(&line, "file.path")->len, EVENT_TEXT_MAX);
    out.len = 0;
    e = (struct event){ .kind = EVENT_PROCESS, .activity = ACTIVITY_EXEC, .mode = -1, .argv = argv, .time_ns = 1 };
    ck_assert_int_eq(ocsf_write(&out, &jail, &e, 1, NULL), 0);
    ck_assert_uint_lt(out.len, 4 * EVENT_ARGV_MAX);
    buf_free(&out);
}
END_TEST

/* --- hashes --- */

START_TEST(hashes_and_signatures_are_the_standard_ones)
{
    uint8_t hash[HASH_SIZE], key[KEY_SIZE], seed[32], signature[SIGNATURE_SIZE];
    char hex[2 * SIGNATURE_SIZE + 1];
    sha256(hash, "a", 1, "bc", 2); /* FIPS 180-4's example */
    hex_write(hex, hash, sizeof(hash));
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    /* RFC 8032, 7.1, test 1 */
    ck_assert(hex_read(seed, sizeof(seed), "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64));
    ed25519_key(key, seed);
    hex_write(hex, ed25519_public(key), KEY_PUBLIC_SIZE);
    ck_assert_str_eq(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    ed25519_sign(signature, "", 0, key);
    hex_write(hex, signature, sizeof(signature));
    ck_assert_str_eq(hex, "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25"
                          "bf5f0595bbe24655141438e7a100b");
    ck_assert(ed25519_check(signature, "", 0, ed25519_public(key)));
    signature[3] ^= 1;
    ck_assert(!ed25519_check(signature, "", 0, ed25519_public(key)));
}
END_TEST

/* RFC 6962, 2.1, as it is written there. */
static void tree(uint8_t ret[HASH_SIZE], uint8_t (*entries)[HASH_SIZE], size_t n)
{
    uint8_t left[1 + HASH_SIZE] = { 1 }, right[HASH_SIZE];
    size_t k = 1;
    if (n == 1) {
        sha256(ret, "\0", 1, entries[0], HASH_SIZE);
        return;
    }
    while (2 * k < n)
        k *= 2;
    tree(left + 1, entries, k);
    tree(right, entries + k, n - k);
    sha256(ret, left, sizeof(left), right, HASH_SIZE);
}

START_TEST(the_tree_is_that_of_rfc_6962)
{
    uint8_t entries[70][HASH_SIZE], root[HASH_SIZE], expected[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    struct merkle m = { 0 };
    merkle_root(&m, root);
    hex_write(hex, root, sizeof(root));
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < ELEMENTSOF(entries); i++) {
        sha256(entries[i], &i, sizeof(i), "", 0);
        merkle_add(&m, entries[i]);
        merkle_root(&m, root);
        tree(expected, entries, i + 1);
        ck_assert_mem_eq(root, expected, HASH_SIZE);
    }
}
END_TEST

/* --- logs --- */

static char state[80];
static struct policy policy;
static struct evidence evidence;

static void setup(void)
{
    unit_dir(state, sizeof(state));
    policy = (struct policy){ .name = (char *)"test", .state_dir = state, .evidence_sink = EVIDENCE_FILE,
                              .evidence_full = EVIDENCE_DROP };
    evidence = EVIDENCE_EMPTY;
}

static void teardown(void)
{
    char command[160];
    evidence_end(&evidence);
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
}

static int tell(const char *path)
{
    struct event e = { .kind = EVENT_FILE, .activity = ACTIVITY_WRITE, .mode = -1, .path = path };
    return evidence_record(&evidence, &e);
}

/* The only log there is, or the one of that id. */
static void read_log(const char *id, struct buf *ret)
{
    struct strv names = { 0 };
    const char *name;
    int dir = log_file_open_dir(state, false);
    ck_assert_int_ge(dir, 0);
    ck_assert_int_eq(logs_list(dir, &names), 0);
    ck_assert_int_eq(logs_find(&names, id, &name), 0);
    ck_assert_int_eq(buf_read_file(ret, dir, name, 64 << 20), 0);
    strv_free(&names);
    close(dir);
}

static struct verify verify(const char *text, size_t len)
{
    struct verify v;
    uint8_t key[KEY_PUBLIC_SIZE];
    int dir = log_file_open_dir(state, false), fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(key_get_public(dir, key), 0);
    ck_assert_int_eq(write(fd, text, len), len);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(verify_log(&LOG_STREAM_OF(fd), key, &v), 0);
    close(fd);
    close(dir);
    return v;
}

static void make_log(const char *id, size_t records, struct buf *ret)
{
    char path[32];
    begin(id);
    for (size_t i = 0; i < records; i++) {
        snprintf(path, sizeof(path), "/w/file%zu", i);
        ck_assert_int_eq(tell(path), 0);
    }
    evidence_end(&evidence);
    read_log(id, ret);
}

START_TEST(a_whole_log_is_whole)
{
    struct buf log = { 0 };
    struct stat st;
    char path[128];
    make_log("0123abcd", 25000, &log);
    struct verify v = verify(log.data, log.len);
    ck_assert_int_eq(v.result, VERIFY_WHOLE);
    ck_assert_uint_eq(v.records, 25003); /* and three checkpoints */
    ck_assert_uint_eq(v.signed_records, v.records);
    ck_assert_str_eq(v.id, "0123abcd");
    ck_assert_uint_lt(log.len / v.records, 700);
    buf_free(&log);
    snprintf(path, sizeof(path), "%s/log/key", state);
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    snprintf(path, sizeof(path), "%s/log", state);
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
}
END_TEST

START_TEST(a_cut_log_is_cut)
{
    struct buf log = { 0 };
    make_log("1", 3, &log);
    for (size_t len = 0; len < log.len; len++) {
        struct verify v = verify(log.data, len);
        uint64_t whole = 0;
        for (size_t i = 0; i < len; i++)
            whole += log.data[i] == '\n';
        ck_assert_int_eq(v.result, VERIFY_CUT);
        ck_assert_uint_eq(v.at, whole);
    }
    buf_free(&log);
}
END_TEST

START_TEST(one_byte_changed_is_found)
{
    struct buf log = { 0 };
    uint64_t record = 1;
    make_log("1", 3, &log);
    for (size_t i = 0; i < log.len; i++) {
        char was = log.data[i];
        log.data[i] = was == '\n' ? ' ' : (char)(was ^ 1);
        struct verify v = verify(log.data, log.len);
        ck_assert_int_ne(v.result, VERIFY_WHOLE);
        ck_assert(v.result == VERIFY_CUT ? i == log.len - 1 : v.from <= record && record <= v.at);
        log.data[i] = was;
        record += was == '\n';
    }
    buf_free(&log);
}
END_TEST

/* The lines of a log in another order; -1 ends it. */
static struct verify rearranged(const struct buf *log, const int *order)
{
    struct buf other = { 0 };
    for (; *order >= 0; order++) {
        const char *line = log->data;
        for (int i = 0; i < *order; i++)
            line = strchr(line, '\n') + 1;
        ck_assert_int_eq(buf_add(&other, line, (size_t)(strchr(line, '\n') + 1 - line)), 0);
    }
    struct verify v = verify(other.data, other.len);
    buf_free(&other);
    return v;
}

START_TEST(records_removed_moved_and_repeated_are_found)
{
    static const struct {
        int order[8];
        uint64_t at;
    } cases[] = { { { 1, 2, 3, 4, -1 }, 1 }, { { 0, 2, 3, 4, -1 }, 2 },       { { 0, 1, 2, 4, -1 }, 4 },
                  { { 4, -1 }, 1 },          { { 0, 0, 1, 2, 3, 4, -1 }, 2 }, { { 0, 1, 2, 3, 4, 4, -1 }, 6 },
                  { { 0, 2, 1, 3, 4, -1 }, 2 } };
    struct buf log = { 0 };
    make_log("1", 4, &log);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct verify v = rearranged(&log, cases[i].order);
        ck_assert_int_eq(v.result, VERIFY_ALTERED);
        ck_assert_uint_eq(v.at, cases[i].at);
    }
    ck_assert_int_eq(rearranged(&log, (const int[]){ 0, 1, 2, 3, 4, -1 }).result, VERIFY_WHOLE);
    buf_free(&log);
}
END_TEST

/* Chain a log's records anew, as somebody can who has no key. */
static void chain_again(struct buf *log)
{
    struct chain chain = { 0 };
    struct buf out = { 0 };
    for (char *line = log->data, *end; (end = strchr(line, '\n')); line = end + 1) {
        size_t begin = out.len;
        ck_assert_int_eq(buf_add(&out, line, (size_t)(end - line) - CHAIN_SUFFIX), 0);
        ck_assert_int_eq(chain_seal(&chain, &out, begin), 0);
    }
    buf_free(log);
    *log = out;
}

START_TEST(who_has_no_key_cannot_forge)
{
    struct buf log = { 0 };
    make_log("1", EVIDENCE_CHECKPOINT_RECORDS + 2, &log);
    chain_again(&log);
    ck_assert_int_eq(verify(log.data, log.len).result, VERIFY_WHOLE); /* nothing was changed */
    char *file = strstr(log.data, "/w/file5\"");
    file[7] = '6';
    chain_again(&log);
    struct verify v = verify(log.data, log.len);
    ck_assert_int_eq(v.result, VERIFY_ALTERED);
    ck_assert(v.from == 1 && v.at == EVIDENCE_CHECKPOINT_RECORDS + 1);
    buf_free(&log);

    /* A checkpoint on the way says that it is the last, and the rest is cut off. */
    make_log("2", EVIDENCE_CHECKPOINT_RECORDS + 2, &log);
    char *final = strstr(log.data, "\"final\":false");
    ck_assert_ptr_nonnull(final);
    char *end = strchr(final, '\n') + 1;
    log.len = (size_t)(end - log.data);
    log.data[log.len] = '\0';
    ck_assert_int_eq(verify(log.data, log.len).result, VERIFY_CUT);
    memcpy(final, "\"final\":true ", 13);
    chain_again(&log);
    ck_assert_int_eq(verify(log.data, log.len).result, VERIFY_ALTERED);
    buf_free(&log);
}
END_TEST

START_TEST(another_key_is_none)
{
    struct buf log = { 0 };
    char path[128];
    make_log("1", 3, &log);
    snprintf(path, sizeof(path), "%s/log/key", state);
    ck_assert_int_eq(unlink(path), 0);
    struct buf other = { 0 };
    make_log("2", 3, &other); /* makes another */
    ck_assert_int_eq(verify(other.data, other.len).result, VERIFY_WHOLE);
    struct verify v = verify(log.data, log.len);
    ck_assert_int_eq(v.result, VERIFY_ALTERED);
    ck_assert_uint_eq(v.at, 4);
    buf_free(&log);
    buf_free(&other);
}
END_TEST

/* Flush to a disk that is full, played by a limit on the size of files. Check writes files, too: nothing of its is in here. */
static void flush_full(rlim_t bytes)
{
    struct rlimit was, limit;
    getrlimit(RLIMIT_FSIZE, &was);
    limit = (struct rlimit){ bytes, was.rlim_max };
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    evidence_flush(&evidence);
    setrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, handler);
}

START_TEST(what_finds_no_room_is_counted)
{
    struct buf log = { 0 };
    begin("1");
    ck_assert_int_eq(tell("/one"), 0);
    evidence_flush(&evidence);
    ck_assert_int_eq(tell("/two"), 0);
    ck_assert_int_eq(tell("/three"), 0);
    flush_full(900); /* a part fits: it must not stay */
    ck_assert_uint_eq(evidence.lost, 2);
    ck_assert(!evidence.failed);
    ck_assert_int_lt(tell("/four"), 0); /* not tried again at once */
    ck_assert_uint_eq(evidence.lost, 3);
    read_log("1", &log);
    struct verify v;
    evidence.retry_at = 0; /* as if time had passed */
    ck_assert_int_eq(tell("/five"), 0);
    ck_assert_uint_eq(evidence.lost, 0);
    evidence_end(&evidence);
    v = verify(log.data, log.len); /* as it was then */
    ck_assert(v.result == VERIFY_CUT && v.at == 1);
    buf_free(&log);
    read_log("1", &log);
    v = verify(log.data, log.len);
    ck_assert_int_eq(v.result, VERIFY_WHOLE);
    ck_assert_uint_eq(v.records, 4); /* one, what was lost, five, the checkpoint */
    ck_assert_ptr_nonnull(strstr(log.data, "\"3 records were lost"));
    ck_assert_ptr_null(strstr(log.data, "/two"));
    ck_assert_uint_eq(evidence.lost_all, 3);
    buf_free(&log);
}
END_TEST

START_TEST(stop_says_that_it_failed)
{
    policy.evidence_full = EVIDENCE_STOP;
    begin("1");
    ck_assert_int_eq(tell("/one"), 0);
    flush_full(100);
    ck_assert(evidence.failed);
}
END_TEST

START_TEST(a_directory_that_is_not_ours_alone_is_not_taken)
{
    struct buf why = { 0 };
    char path[128];
    snprintf(path, sizeof(path), "%s/log", state);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(chmod(path, 0770), 0);
    evidence_begin(&evidence, &policy, "1");
    ck_assert_int_lt(evidence_open(&evidence, &why), 0);
    ck_assert_ptr_nonnull(strstr(why.data, path));
    ck_assert_int_eq(tell("/one"), 0); /* goes nowhere */
    buf_free(&why);
}
END_TEST

START_TEST(auto_keeps_what_has_a_network)
{
    policy.evidence_sink = EVIDENCE_AUTO;
    evidence_begin(&evidence, &policy, "1");
    ck_assert(!evidence.on);
    policy.network = NETWORK_FILTERED;
    evidence_begin(&evidence, &policy, "1");
    ck_assert(evidence.on);
    policy.evidence_sink = EVIDENCE_NONE;
    evidence_begin(&evidence, &policy, "1");
    ck_assert(!evidence.on);
}
END_TEST

START_TEST(names_have_the_time_and_the_id)
{
    struct strv names = { 0 };
    const char *name;
    char id[64];
    begin("0123abcd");
    evidence_end(&evidence);
    int dir = log_file_open_dir(state, false);
    ck_assert_int_eq(logs_list(dir, &names), 0);
    ck_assert_uint_eq(names.n, 1);
    time_t seconds = (time_t)(evidence.began_ns / 1000000000);
    char expected[64];
    struct tm tm;
    size_t n = strftime(expected, sizeof(expected), "%Y%m%dT%H%M%S", gmtime_r(&seconds, &tm));
    snprintf(expected + n, sizeof(expected) - n, ".%06uZ-0123abcd.jsonl", (unsigned)(evidence.began_ns / 1000 % 1000000));
    ck_assert_str_eq(names.v[0], expected);
    logs_id(names.v[0], id, sizeof(id));
    ck_assert_str_eq(id, "0123abcd");
    ck_assert_int_eq(strv_add(&names, "20991231T235959Z-0123ffff.jsonl"), 0);
    ck_assert_int_eq(logs_find(&names, NULL, &name), 0);
    ck_assert_str_eq(name, names.v[1]);
    ck_assert_int_eq(logs_find(&names, "0123", &name), -EEXIST);
    ck_assert_int_eq(logs_find(&names, "0123a", &name), 0);
    ck_assert_int_eq(logs_find(&names, "ff", &name), -ENOENT);
    strv_free(&names);
    close(dir);
}
END_TEST

/* A listener at a socket of the state directory; path has the "unix:" form. */
static int listen_at(int type, char *where, size_t size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", state);
    snprintf(where, size, "unix:%s", address.sun_path);
    ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    ck_assert(type == SOCK_DGRAM || listen(fd, 1) == 0);
    return fd;
}

static void begin_with(char *where)
{
    struct buf why = { 0 };
    ck_assert(forward_valid(where));
    policy.evidence_forward = where;
    evidence_begin(&evidence, &policy, "0123abcd");
    ck_assert_int_eq(evidence_connect(&evidence, &why), 0);
    ck_assert_int_eq(evidence_open(&evidence, &why), 0);
}

START_TEST(records_go_on_to_a_stream)
{
    char where[128];
    struct buf log = { 0 }, got = { 0 };
    int listener = listen_at(SOCK_STREAM, where, sizeof(where));
    begin_with(where);
    int peer = accept(listener, NULL, NULL);
    ck_assert_int_eq(tell("/one"), 0);
    evidence_flush(&evidence);
    ck_assert_int_eq(tell("/two"), 0);
    evidence_end(&evidence);
    read_log("0123abcd", &log);
    ck_assert_int_eq(buf_read_fd(&got, peer, 1 << 20), 0);
    ck_assert_str_eq(got.data, log.data);
    ck_assert_int_eq(verify(got.data, got.len).result, VERIFY_WHOLE);
    buf_free(&log);
    buf_free(&got);
}
END_TEST

START_TEST(records_go_on_as_messages)
{
    static char message[1 << 16];
    char where[128];
    struct buf log = { 0 };
    int listener = listen_at(SOCK_DGRAM, where, sizeof(where));
    begin_with(where);
    ck_assert_int_eq(tell("/one"), 0);
    evidence_end(&evidence);
    read_log("0123abcd", &log);
    char *line = strchr(log.data, '\n');
    ssize_t n = recv(listener, message, sizeof(message), MSG_DONTWAIT);
    ck_assert_int_eq(n, line - log.data);
    ck_assert_mem_eq(message, log.data, n);
    n = recv(listener, message, sizeof(message), MSG_DONTWAIT);
    ck_assert_int_eq(n, strlen(line + 1) - 1); /* the checkpoint */
    buf_free(&log);
}
END_TEST

START_TEST(syslog_and_journal_have_their_forms)
{
    static const struct forward_facts facts = { .id = "0123abcd", .host = "h", .severity = 4 };
    char message[256];
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    struct forward f = { .fd = pair[0], .form = FORWARD_SYSLOG };
    forward_record(&f, "{}", 2, &facts);
    ssize_t n = recv(pair[1], message, sizeof(message) - 1, 0);
    message[n] = '\0';
    ck_assert_str_eq(message, "<11>1 - h agentjail - 0123abcd - {}");
    f.form = FORWARD_JOURNAL;
    forward_record(&f, "{}", 2, &facts);
    n = recv(pair[1], message, sizeof(message) - 1, 0);
    message[n] = '\0';
    ck_assert_str_eq(message, "PRIORITY=3\nSYSLOG_IDENTIFIER=agentjail\nAGENTJAIL_ID=0123abcd\nMESSAGE={}\n");
    forward_close(&f);
    close(pair[1]);
}
END_TEST

/* Nobody reads the pipe: it fills, then the queue, and then records are dropped and counted; none is waited for. */
START_TEST(who_does_not_read_is_not_waited_for)
{
    static char path[EVENT_TEXT_MAX];
    char where[16];
    int ends[2];
    struct buf log = { 0 };
    memset(path, 'p', sizeof(path) - 1);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    snprintf(where, sizeof(where), "fd:%d", ends[1]);
    begin_with(where);
    for (int i = 0; i < 3000; i++) {
        ck_assert_int_eq(tell(path), 0);
        evidence_flush(&evidence);
    }
    ck_assert(evidence.queued && evidence.forward.queue.len - evidence.forward.sent <= FORWARD_QUEUE_MAX);
    evidence_end(&evidence);
    read_log("0123abcd", &log);
    ck_assert_ptr_nonnull(strstr(log.data, " records were not taken by fd:"));
    ck_assert_int_eq(verify(log.data, log.len).result, VERIFY_WHOLE);
    buf_free(&log);
}
END_TEST

START_TEST(nobody_there_is_said)
{
    struct buf why = { 0 };
    char where[128];
    snprintf(where, sizeof(where), "unix:%s/none", state);
    policy.evidence_forward = where;
    evidence_begin(&evidence, &policy, "1");
    ck_assert_int_lt(evidence_connect(&evidence, &why), 0);
    ck_assert_ptr_nonnull(strstr(why.data, where));
    buf_free(&why);
    static const char *const bad[] = { "", "file", "unix:", "unix:x", "fd:", "fd:1", "fd:-1", "fd:x", "journal:" };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        ck_assert(!forward_valid(bad[i]));
}
END_TEST

static void put_log(int dir, const char *name, off_t size, time_t age)
{
    struct timespec times[2] = { { time(NULL) - age, 0 }, { time(NULL) - age, 0 } };
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert(fd >= 0 && ftruncate(fd, size) == 0 && futimens(fd, times) == 0);
    close(fd);
}

static bool there(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, 0) == 0;
}

START_TEST(old_logs_and_too_many_are_removed)
{
    static const char old[] = "20200101T000000Z-00000001.jsonl", first[] = "20260101T000000Z-00000002.jsonl",
                      written[] = "20260102T000000Z-00000003.jsonl", last[] = "20260103T000000Z-00000004.jsonl",
                      own[] = "20260104T000000Z-00000005.jsonl", stem[] = "20260104T000000Z-00000005";
    begin("1");
    evidence_end(&evidence); /* makes the directory, and a log that counts for little */
    int dir = log_file_open_dir(state, false);
    put_log(dir, old, 10, 7200);
    put_log(dir, first, 100000, 60);
    put_log(dir, written, 100000, 7200);
    put_log(dir, last, 100000, 60);
    put_log(dir, own, 100000, 7200);
    put_log(dir, "other", 100000, 7200);
    int fd = openat(dir, written, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0); /* of this open file: the sweep opens another */
    logs_sweep(dir, 3600 * 1000, 1 << 30, stem);
    ck_assert(!there(dir, old) && there(dir, first) && there(dir, written) && there(dir, last) && there(dir, own));
    logs_sweep(dir, UINT64_MAX, 350000, stem);
    ck_assert(!there(dir, first) && there(dir, written) && there(dir, last) && there(dir, own));
    logs_sweep(dir, 0, 0, stem);
    ck_assert(!there(dir, last) && there(dir, written) && there(dir, own) && there(dir, "other") && there(dir, KEY_FILE));
    close(fd);
    close(dir);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("evidence");
    TCase *t = tcase_create("evidence");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, records_follow_the_schema);
    tcase_add_test(t, what_is_cut_says_so);
    tcase_add_test(t, hashes_and_signatures_are_the_standard_ones);
    tcase_add_test(t, the_tree_is_that_of_rfc_6962);
    suite_add_tcase(s, t);
    t = tcase_create("logs");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_whole_log_is_whole);
    tcase_add_test(t, a_cut_log_is_cut);
    tcase_add_test(t, one_byte_changed_is_found);
    tcase_add_test(t, records_removed_moved_and_repeated_are_found);
    tcase_add_test(t, who_has_no_key_cannot_forge);
    tcase_add_test(t, another_key_is_none);
    tcase_add_test(t, what_finds_no_room_is_counted);
    tcase_add_test(t, stop_says_that_it_failed);
    tcase_add_test(t, a_directory_that_is_not_ours_alone_is_not_taken);
    tcase_add_test(t, auto_keeps_what_has_a_network);
    tcase_add_test(t, records_go_on_to_a_stream);
    tcase_add_test(t, records_go_on_as_messages);
    tcase_add_test(t, syslog_and_journal_have_their_forms);
    tcase_add_test(t, who_does_not_read_is_not_waited_for);
    tcase_add_test(t, nobody_there_is_said);
    tcase_add_test(t, old_logs_and_too_many_are_removed);
    tcase_add_test(t, names_have_the_time_and_the_id);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
