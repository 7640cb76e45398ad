/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gateway's policy: what arrives is what was sent, and nothing that was damaged arrives. */
#include "profile_fixture.h"

#include "ipc/egress.h"
#include "monitor/egress_policy.h"

static void encode(struct buf *out)
{
    _cleanup_egress_source_ struct egress_source s;
    _cleanup_buf_ struct buf why = { 0 };
    struct egress_server servers[] = { { { 4, { 127, 0, 0, 53 } }, 53 }, { { 6, { 0xfd, [15] = 1 } }, 5353 } };
    struct egress_host hosts[] = { { { 4, { 10, 0, 0, 1 } }, "db.corp" } };
    int r = egress_source_fill(&fx.policy, &s, &why);
    ck_assert_msg(r == 0, "%s", why.data);
    s.egress.servers = servers;
    s.egress.n_servers = 2;
    s.egress.hosts = hosts;
    s.egress.n_hosts = 1;
    ck_assert_int_eq(egress_encode(&s.egress, out), 0);
}

static void load_all(void)
{
    fx_default("[network]\nallow = a.example:80,443\nallow = 10.0.0.0/8:5432\nallow = [fd00::/8]:22\nallow = "
               "**.c.example,sni=optional,ech=allow\ndeny = b.example\nhost-port = 5432\npublish = 3000:8080\ndns = real\n"
               "unknown = ask\nopen-url = ask\nupstream = http://proxy:3128\n");
    fx_ok("--net-allow=udp://d.example:123", "x");
    fx.policy.network = NETWORK_FILTERED;
}

START_TEST(test_round)
{
    _cleanup_buf_ struct buf blob = { 0 }, again = { 0 };
    struct egress_policy p;
    load_all();
    encode(&blob);
    ck_assert_int_eq(egress_decode(blob.data, blob.len, &p), 0);
    ck_assert_int_eq(p.mode, EGRESS_FILTERED);
    ck_assert_int_eq(p.dns, EGRESS_DNS_SYNTHETIC); /* the proxy resolves names */
    ck_assert_int_eq(p.unknown, EGRESS_UNKNOWN_ASK);
    ck_assert(p.opens_pages);
    ck_assert_int_eq(p.upstream, EGRESS_HTTP_PROXY);
    ck_assert_str_eq(p.upstream_host, "proxy");
    ck_assert_uint_eq(p.upstream_port, 3128);
    ck_assert_uint_eq(p.n_allow, 5);
    ck_assert_str_eq(p.allow[0].host.name, "a.example");
    ck_assert_str_eq(p.allow[0].text, "a.example:80,443");
    ck_assert(strstr(p.allow[0].origin, "default.ini:2") != NULL);
    ck_assert_uint_eq(p.allow[0].n_ports, 2);
    ck_assert_int_eq(p.allow[0].ports[1].scheme, NET_TLS);
    ck_assert_int_eq(p.allow[1].host.kind, NET_HOST_ADDRESS);
    ck_assert_uint_eq(p.allow[1].host.prefix.bits, 8);
    ck_assert(p.allow[3].sni_optional && p.allow[3].ech_allowed && !p.allow[0].ech_allowed);
    ck_assert_str_eq(p.allow[4].origin, "command line");
    ck_assert_uint_eq(p.n_deny, 1);
    ck_assert_int_eq(p.deny[0].ports[0].scheme, NET_ANY);
    ck_assert_uint_eq(p.published[0].outside, 8080);
    ck_assert_uint_eq(p.host_ports[0].inside, 5432);
    ck_assert_uint_eq(p.servers[1].port, 5353);
    ck_assert_str_eq(p.hosts[0].name, "db.corp");
    ck_assert_int_eq(egress_encode(&p, &again), 0);
    ck_assert(again.len == blob.len && memcmp(again.data, blob.data, blob.len) == 0);
    egress_free(&p);
}
END_TEST

START_TEST(test_empty)
{
    _cleanup_buf_ struct buf blob = { 0 };
    struct egress_policy p;
    fx_ok("--dns=real", "x");
    encode(&blob);
    ck_assert_int_eq(egress_decode(blob.data, blob.len, &p), 0);
    ck_assert_uint_eq(p.n_allow, 0);
    ck_assert_int_eq(p.dns, EGRESS_DNS_REAL);
    ck_assert_int_eq(p.upstream, EGRESS_DIRECT);
    egress_free(&p);
}
END_TEST

/* Cut anywhere, or one byte changed: never a policy that differs from what its bytes say, never a crash. */
START_TEST(test_damaged)
{
    _cleanup_buf_ struct buf blob = { 0 };
    load_all();
    encode(&blob);
    for (size_t len = 0; len < blob.len; len++) {
        struct egress_policy p;
        char *copy = malloc(len ? len : 1); /* of its own size: the sanitizers see what is read behind it */
        memcpy(copy, blob.data, len);
        ck_assert_int_eq(egress_decode(copy, len, &p), -EBADMSG);
        if (len >= 12) { /* also if it says so of itself */
            for (unsigned i = 0; i < 4; i++)
                copy[8 + i] = (char)(len >> (8 * i));
            ck_assert_int_eq(egress_decode(copy, len, &p), -EBADMSG);
        }
        free(copy);
    }
    for (size_t i = 0; i < blob.len; i++) {
        _cleanup_buf_ struct buf again = { 0 };
        struct egress_policy p;
        blob.data[i] ^= 0x41;
        if (egress_decode(blob.data, blob.len, &p) == 0) {
            ck_assert_int_eq(egress_encode(&p, &again), 0);
            ck_assert(again.len == blob.len && memcmp(again.data, blob.data, blob.len) == 0);
            egress_free(&p);
        }
        blob.data[i] ^= 0x41;
    }
    buf_char(&blob, 'x');
    struct egress_policy p;
    ck_assert_int_eq(egress_decode(blob.data, blob.len, &p), -EBADMSG);
}
END_TEST

START_TEST(test_too_much)
{
    _cleanup_buf_ struct buf blob = { 0 };
    static struct egress_host hosts[EGRESS_HOSTS_MAX + 1];
    struct egress_policy p = {
        .upstream_host = "", .upstream_credentials = "", .upstream_exceptions = "",
        .hosts = hosts, .n_hosts = EGRESS_HOSTS_MAX + 1,
    };
    for (size_t i = 0; i < ELEMENTSOF(hosts); i++)
        hosts[i] = (struct egress_host){ { 4, { 10 } }, "a" };
    ck_assert_int_eq(egress_encode(&p, &blob), -E2BIG);
    ck_assert_uint_eq(blob.len, 0);
    p.n_hosts--;
    ck_assert_int_eq(egress_encode(&p, &blob), 0);
}
END_TEST

START_TEST(test_credentials)
{
    static const struct {
        const char *text, *want; /* want NULL: refused */
    } samples[] = {
        { "user:pass word\n", "user:pass word" }, { "user:p\r\nmore\n", "user:p" }, { "u:", "u:" },
        { "", NULL },                             { "\nuser:pass\n", NULL },        { "user\n", NULL },
        { "us\ter:x\n", NULL },
    };
    for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
        struct egress_source s;
        _cleanup_buf_ struct buf why = { 0 };
        fx_file("secret", samples[i].text);
        chmod(fx_path("secret"), 0600);
        fx_ok("--upstream=http://p:1", "--upstream-credentials", fx_path("secret"), "x");
        int r = egress_source_fill(&fx.policy, &s, &why);
        ck_assert_msg((r == 0) == (samples[i].want != NULL), "%zu gave %d", i, r);
        if (r == 0)
            ck_assert_str_eq(s.egress.upstream_credentials, samples[i].want);
        else
            ck_assert(strstr(why.data, "USER:PASSWORD") != NULL);
        egress_source_free(&s);
    }
    fx_file("secret", "user:pass\n");
    static const mode_t open_modes[] = { 0644, 0620, 0602 };
    for (size_t i = 0; i < ELEMENTSOF(open_modes); i++) {
        struct egress_source s;
        _cleanup_buf_ struct buf why = { 0 };
        chmod(fx_path("secret"), open_modes[i]);
        ck_assert_int_eq(egress_source_fill(&fx.policy, &s, &why), -EPERM);
        ck_assert(strstr(why.data, "chmod 600") != NULL);
        egress_source_free(&s);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("egress");
    TCase *tc = fx_case(s, "egress");
    tcase_add_test(tc, test_round);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_damaged);
    tcase_add_test(tc, test_too_much);
    tcase_add_test(tc, test_credentials);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
