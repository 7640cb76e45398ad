/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verify.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cli/log_open.h"
#include "cli/prepare.h"
#include "cli/text.h"
#include "evidence/chain.h"
#include "evidence/key.h"
#include "evidence/logs.h"
#include "evidence/verify.h"

enum { PREFIX = 16 }; /* hex digits of a key that people are shown */

/* --key: 64 hex digits, or a file that begins with them. */
static int named_key(const char *value, uint8_t ret[static KEY_PUBLIC_SIZE], struct buf *why)
{
    _cleanup_buf_ struct buf text = { 0 };
    if (hex_read(ret, KEY_PUBLIC_SIZE, value, strlen(value)))
        return 0;
    int r = buf_read_file(&text, AT_FDCWD, value, 4096);
    if (r >= 0 && text.data && hex_read(ret, KEY_PUBLIC_SIZE, text.data, strcspn(text.data, " \t\r\n")))
        return 0;
    if (r < 0)
        (void)buf_printf(why, "--key=%s: neither 64 hex digits nor a file (%s)", value, strerror(-r));
    else
        (void)buf_printf(why, "--key=%s: the file does not begin with the 64 hex digits of a public key", value);
    return -EINVAL;
}

/* Who has no key yet has logs without a signature, at most: then none is right. */
static int find_key(const struct policy_request *request, const struct log_file *log, uint8_t ret[static KEY_PUBLIC_SIZE],
                    bool *ret_none, struct buf *why)
{
    for (size_t i = 0; i < request->n_options; i++)
        if (request->options[i].option == &options[OPTION_KEY])
            return named_key(request->options[i].value, ret, why);
    int r = log->dir < 0 ? -ENOENT : key_get_public(log->dir, ret);
    *ret_none = r == -ENOENT;
    if (*ret_none)
        memset(ret, 0, KEY_PUBLIC_SIZE);
    else if (r < 0)
        (void)buf_printf(why, "your own key cannot be read (%s); name the one that it must be signed by: --key=FILE, or 64 hex "
                              "digits", strerror(-r));
    return *ret_none ? 0 : r;
}

/* What is wrong that the log alone does not show: its name is another jail's. */
static void check_name(struct verify *v, const char *name)
{
    char id[64];
    logs_id(name, id, sizeof(id));
    if (v->result != VERIFY_WHOLE || strlen(id) != 8 || strspn(id, "0123456789abcdef") != 8 || strcmp(id, v->id) == 0)
        return;
    v->result = VERIFY_ALTERED;
    v->from = v->at = 1;
    v->why = "it is the log of another jail";
}

static int print_text(const struct verify *v, const char *name, bool running, bool none, struct buf *out)
{
    char key[2 * KEY_PUBLIC_SIZE + 1];
    int r = text_line(out, name);
    hex_write(key, v->key, sizeof(v->key));
    if (r < 0)
        return r;
    if (v->result == VERIFY_WHOLE)
        return buf_printf(out, ": whole: %" PRIu64 " records of jail %s, signed by key %.*s...\n", v->records, v->id, PREFIX,
                          key);
    if (v->result == VERIFY_CUT && v->at == 0 && v->missing)
        r = buf_printf(out, ": records 1 to %" PRIu64 " are missing: %s; all from %" PRIu64 " to %" PRIu64 " are whole, signed "
                       "by key %.*s...\n", v->missing, v->why, v->missing + 1, v->records, PREFIX, key);
    else if (v->result == VERIFY_CUT)
        r = buf_printf(out, ": cut at %" PRIu64 ": %s; %s%" PRIu64 " records are in order, %" PRIu64 " of them signed\n", v->at,
                       v->why, running ? "its jail still runs; " : "", v->records, v->signed_records);
    else if (v->from < v->at)
        r = buf_printf(out, ": altered at %" PRIu64 " to %" PRIu64 ": %s; up to %" PRIu64 " it is signed\n", v->from, v->at,
                       v->why, v->signed_records);
    else
        r = buf_printf(out, ": altered at %" PRIu64 ": %s; up to %" PRIu64 " it is signed\n", v->at, v->why, v->signed_records);
    if (r >= 0 && v->has_key && v->result == VERIFY_ALTERED)
        r = buf_printf(out, "its key is %s%s\n", key,
                       none ? "; you have none of your own: name the one that it must be signed by, --key=FILE" : "");
    return r;
}

static int print_json(const struct verify *v, const char *name, bool running, struct buf *out)
{
    static const char *const results[] = { [VERIFY_WHOLE] = "whole", [VERIFY_CUT] = "cut", [VERIFY_ALTERED] = "altered" };
    char key[2 * KEY_PUBLIC_SIZE + 1];
    struct json j = { .out = out };
    hex_write(key, v->key, sizeof(v->key));
    json_object(&j, NULL);
    json_string(&j, "file", name);
    json_string(&j, "result", results[v->result]);
    json_string(&j, "why", v->why);
    json_unsigned(&j, "records", v->records);
    json_unsigned(&j, "signed", v->signed_records);
    json_unsigned(&j, "missing", v->missing);
    json_unsigned(&j, "from", v->from);
    json_unsigned(&j, "at", v->at);
    json_bool(&j, "running", running);
    json_string(&j, "id", *v->id ? v->id : NULL);
    json_string(&j, "key", v->has_key ? key : NULL);
    json_end(&j);
    return json_finish(&j);
}

int verify_main(const struct policy_request *request)
{
    _cleanup_log_ struct log_file log = LOG_FILE_EMPTY;
    _cleanup_buf_ struct buf why = { 0 }, out = { 0 };
    uint8_t key[KEY_PUBLIC_SIZE];
    struct verify v;
    bool none = false;
    int status = log_open(request, &log);
    if (status != 0)
        return status;
    int r = crypto_open(&why);
    if (r >= 0)
        r = find_key(request, &log, key, &none, &why);
    if (r < 0) {
        run_note(why.data ? why.data : "out of memory");
        return 125;
    }
    bool running = log_stream_is_live(&log.stream);
    r = verify_log(&log.stream, key, &v);
    if (r < 0) {
        (void)buf_printf(&why, "%s cannot be read: %s", log.name.data, strerror(-r));
        run_note(why.data ? why.data : "out of memory");
        return 125;
    }
    check_name(&v, log.name.data);
    r = request->json ? print_json(&v, log.name.data, running, &out) : print_text(&v, log.name.data, running, none, &out);
    status = text_print(&out, r);
    return status != 0 ? status : v.result != VERIFY_WHOLE;
}
