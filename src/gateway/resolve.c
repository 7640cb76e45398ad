/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Theory of operation. c-ares opens its sockets itself, tells us which to wait for, and is told when they are ready. Its
 * answers are kept for their time to live, at most a minute and for at most LIMIT_ADDRESSES_KEPT names; who asks for a name
 * that is being asked for waits for the same answer. It is loaded by the gateway only (the launcher must not pay for it),
 * and reads its configuration while there still are files to read.
 *
 * System calls: socket connect sendto recvfrom close fcntl setsockopt getsockname writev readv brk mmap munmap mremap
 *   madvise gettimeofday clock_gettime getrandom (c-ares, and the C library's malloc) */
#include "gateway/resolve.h"

#include <ares.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "base/dlopen_note.h"
#include "base/host_name.h"
#include "sys/library.h"

#define LIBRARY "libcares.so.2"
#define HOSTS_MAX (4 << 20)
#define TTL_MAX 60
#define TTL_FAILED 2
#define SOCKETS_MAX 64
#define TIMEOUT_MS 2000
#define TRIES 3

DLOPEN_NOTE(LIBRARY, "gateway");

/* A line of /etc/hosts, a name each. */
struct host_entry {
    char *name;
    struct ip ip;
};

/* A name that was or is being asked for. */
struct query {
    struct resolver *resolver;
    char name[HOST_NAME_SIZE];
    bool running;
    bool missing;
    int64_t until; /* when the answer is too old */
    struct addresses answer;
    char text[64];
    struct lookup *waiting;
    struct link link;
};

struct watched {
    struct source source;
    struct resolver *resolver;
};

struct resolver {
    ares_channel channel;
    bool ipv6;
    struct host_entry *hosts;
    size_t n_hosts;
    struct loop *loop;
    struct link queries; /* oldest first */
    size_t n_queries, n_running;
    struct watched sockets[SOCKETS_MAX];
    struct timer timer;
    struct timer_queue tick;
    __typeof__(ares_library_init) *library_init;
    __typeof__(ares_init_options) *init_options;
    __typeof__(ares_getaddrinfo) *getaddrinfo;
    __typeof__(ares_freeaddrinfo) *freeaddrinfo;
    __typeof__(ares_process_fd) *process_fd;
    __typeof__(ares_strerror) *strerror;
};

static int load(struct resolver *r, struct buf *why)
{
    _cleanup_buf_ struct buf text = { 0 };
    void *library = library_open(LIBRARY, &text);
    if (!library) {
        buf_printf(why, "the library c-ares, which resolves names for the gateway, cannot be loaded: %s",
                   text.data ? text.data : "out of memory");
        return -ELIBACC;
    }
    const struct {
        const char *name;
        void *to;
    } symbols[] = {
        { "ares_library_init", &r->library_init }, { "ares_init_options", &r->init_options },
        { "ares_getaddrinfo", &r->getaddrinfo },   { "ares_freeaddrinfo", &r->freeaddrinfo },
        { "ares_process_fd", &r->process_fd },     { "ares_strerror", &r->strerror },
    };
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *symbol = library_symbol(library, symbols[i].name);
        if (!symbol) {
            buf_printf(why, LIBRARY " is too old: it has no %s", symbols[i].name);
            return -ELIBACC;
        }
        memcpy(symbols[i].to, &symbol, sizeof(symbol));
    }
    return 0;
}

static struct watched *find_socket(struct resolver *r, int fd)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (r->sockets[i].source.fd == fd)
            return &r->sockets[i];
    return NULL;
}

static void on_ready(struct source *source, uint32_t events)
{
    struct watched *w = CONTAINER(source, struct watched, source);
    bool in = events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP);
    w->resolver->process_fd(w->resolver->channel, in ? source->fd : ARES_SOCKET_BAD,
                            events & EPOLLOUT ? source->fd : ARES_SOCKET_BAD);
}

/* c-ares opens a socket, is about to close it, or waits for something else on it. */
static void on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
    struct resolver *r = data;
    uint32_t events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
    struct watched *w = find_socket(r, fd);
    if (!events) {
        if (w)
            w->source.fd = -1; /* closing it takes it out of epoll */
        return;
    }
    if (w) {
        loop_watch_again(r->loop, &w->source, events);
        return;
    }
    w = find_socket(r, -1);
    if (!w)
        return; /* the question times out */
    *w = (struct watched){ .source = { .ready = on_ready, .fd = fd }, .resolver = r };
    if (loop_watch(r->loop, &w->source, events) < 0)
        w->source.fd = -1;
}

/* Its time-outs: looked at now and then while something is asked for. */
static void on_tick(struct timer *timer)
{
    struct resolver *r = CONTAINER(timer, struct resolver, timer);
    r->process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (r->n_running > 0)
        loop_set_timer(r->loop, &r->tick, &r->timer);
}

static int add_host(struct resolver *r, const char *word, const struct ip *ip)
{
    char name[HOST_NAME_SIZE];
    const char *ignored;
    if (host_name_canonical(word, strlen(word), name, &ignored) < 0)
        return 0;
    if ((r->n_hosts & (r->n_hosts - 1)) == 0) {
        struct host_entry *more = realloc(r->hosts, (r->n_hosts ? 2 * r->n_hosts : 1) * sizeof(*more));
        if (!more)
            return -ENOMEM;
        r->hosts = more;
    }
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    r->hosts[r->n_hosts++] = (struct host_entry){ .name = copy, .ip = *ip };
    return 0;
}

/* hosts(5) */
static int read_hosts(struct resolver *r)
{
    _cleanup_buf_ struct buf text = { 0 };
    int result = buf_read_file(&text, AT_FDCWD, "/etc/hosts", HOSTS_MAX);
    if (result < 0 || !text.data)
        return 0;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "#")] = '\0';
        struct ip ip;
        char *state;
        char *word = strtok_r(line, " \t\r", &state);
        if (!word || ip_parse(word, &ip) < 0)
            continue;
        while ((word = strtok_r(NULL, " \t\r", &state)))
            if (add_host(r, word, &ip) < 0)
                return -ENOMEM;
    }
    return 0;
}

int resolver_new(struct resolver **ret_resolver, bool ipv6, struct buf *why)
{
    struct resolver *r = calloc(1, sizeof(*r));
    if (!r || read_hosts(r) < 0) {
        buf_str(why, "out of memory");
        return -ENOMEM;
    }
    r->ipv6 = ipv6;
    link_init(&r->queries);
    link_init(&r->timer.link);
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        r->sockets[i].source.fd = -1;
    int result = load(r, why);
    if (result < 0)
        return result;

    char dns_only[] = "b";
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = TIMEOUT_MS,
        .tries = TRIES,
        .lookups = dns_only,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = r,
    };
    int status = r->library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = r->init_options(&r->channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                                            ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        buf_printf(why, "the host's name resolution cannot be read (resolv.conf): %s", r->strerror(status));
        return -EIO;
    }
    *ret_resolver = r;
    return 0;
}

bool resolver_next_host(const struct resolver *r, size_t *at, const char **ret_name, struct ip *ret_ip)
{
    if (*at >= r->n_hosts)
        return false;
    *ret_name = r->hosts[*at].name;
    *ret_ip = r->hosts[(*at)++].ip;
    return true;
}

void resolver_start(struct resolver *r, struct loop *loop)
{
    r->loop = loop;
    loop_add_queue(loop, &r->tick, TIMEOUT_MS / 8, on_tick);
}

/* --- asking --- */

static void answer(struct query *q)
{
    while (q->waiting) {
        struct lookup *l = q->waiting;
        q->waiting = l->next;
        l->query = NULL;
        l->missing = q->missing;
        l->answered(l, q->answer.n ? &q->answer : NULL, q->text);
    }
}

static void take_nodes(struct addresses *to, const struct ares_addrinfo_node *nodes, int family)
{
    for (const struct ares_addrinfo_node *n = nodes; n; n = n->ai_next) {
        if (n->ai_family != family || to->n >= LIMIT_DIAL_ADDRESSES)
            continue;
        uint16_t ignored;
        if (ip_from_sockaddr(n->ai_addr, &to->list[to->n], &ignored) < 0)
            continue;
        to->n++;
        if (n->ai_ttl >= 0 && (uint32_t)n->ai_ttl < to->ttl)
            to->ttl = (uint32_t)n->ai_ttl;
    }
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct query *q = arg;
    struct resolver *r = q->resolver;
    (void)timeouts;
    q->running = false;
    q->missing = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    r->n_running--;
    q->answer = (struct addresses){ .ttl = TTL_MAX };
    if (status == ARES_SUCCESS && info) {
        take_nodes(&q->answer, info->nodes, AF_INET);
        take_nodes(&q->answer, info->nodes, AF_INET6);
        r->freeaddrinfo(info);
    }
    if (q->answer.n == 0)
        q->answer.ttl = TTL_FAILED;
    q->until = r->loop->now + (int64_t)q->answer.ttl * 1000;
    snprintf(q->text, sizeof(q->text), "%s", status == ARES_SUCCESS ? "it has no address" : r->strerror(status));
    answer(q);
}

static bool from_hosts(const struct resolver *r, const char *name, struct addresses *ret)
{
    *ret = (struct addresses){ .ttl = TTL_MAX };
    for (size_t i = 0; i < r->n_hosts && ret->n < LIMIT_DIAL_ADDRESSES; i++)
        if (strcmp(r->hosts[i].name, name) == 0)
            ret->list[ret->n++] = r->hosts[i].ip;
    return ret->n > 0;
}

/* The record of a name; an old one that nobody waits for makes room. NULL: no room. */
static struct query *get_query(struct resolver *r, const char *name)
{
    for (struct link *l = r->queries.next; l != &r->queries; l = l->next) {
        struct query *q = CONTAINER(l, struct query, link);
        if (strcmp(q->name, name) == 0)
            return q;
    }
    struct query *q = NULL;
    if (r->n_queries >= LIMIT_ADDRESSES_KEPT) {
        for (struct link *l = r->queries.next; l != &r->queries && !q; l = l->next)
            if (!CONTAINER(l, struct query, link)->running)
                q = CONTAINER(l, struct query, link);
        if (!q)
            return NULL;
        link_remove(&q->link);
    } else {
        q = malloc(sizeof(*q));
        if (!q)
            return NULL;
        r->n_queries++;
    }
    *q = (struct query){ .resolver = r };
    snprintf(q->name, sizeof(q->name), "%s", name);
    link_init(&q->link);
    link_append(&r->queries, &q->link);
    return q;
}

static void start_query(struct resolver *r, struct query *q)
{
    static const char *const no_service = NULL;
    struct ares_addrinfo_hints hints = { .ai_family = r->ipv6 ? AF_UNSPEC : AF_INET, .ai_socktype = SOCK_STREAM,
                                         .ai_flags = ARES_AI_NOSORT };
    q->running = true;
    r->n_running++;
    loop_set_timer(r->loop, &r->tick, &r->timer);
    r->getaddrinfo(r->channel, q->name, no_service, &hints, on_answer, q);
}

void resolver_ask(struct resolver *r, const char *name, struct lookup *lookup)
{
    struct addresses known;
    lookup->query = NULL;
    if (from_hosts(r, name, &known)) {
        lookup->answered(lookup, &known, "");
        return;
    }
    struct query *q = get_query(r, name);
    if (q && !q->running && q->until > r->loop->now) { /* at the limit, too */
        lookup->missing = q->missing;
        lookup->answered(lookup, q->answer.n ? &q->answer : NULL, q->text);
        return;
    }
    if (!q || (!q->running && r->n_running >= LIMIT_LOOKUPS)) {
        lookup->answered(lookup, NULL, "too many names are being asked for");
        return;
    }
    lookup->query = q;
    lookup->next = q->waiting;
    q->waiting = lookup;
    if (!q->running)
        start_query(r, q);
}

void resolver_cancel(struct lookup *lookup)
{
    if (!lookup->query)
        return;
    for (struct lookup **l = &lookup->query->waiting; *l; l = &(*l)->next) {
        if (*l == lookup) {
            *l = lookup->next;
            break;
        }
    }
    lookup->query = NULL;
}
