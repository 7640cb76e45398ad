/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both ends of what tests/bench/net measures.
 *
 *   netload serve            serve on a port of 127.0.0.1, which is printed
 *   netload client HOST PORT carry out the orders that stand on stdin, and print a line of figures for each:
 *
 *     up STREAMS MS          send to the server for so long       bytes that arrived, us until they had
 *     down STREAMS MS        read from it                          bytes, us
 *     ask NUMBER             connect, 64 bytes there and back, one after another    median and 99th percentile, us
 *     rate WORKERS MS        the same by several at once           connections, us
 *     idle NUMBER            connect and say nothing, until the next order           connections
 *     dns SERVER NAME WINDOW MS    ask SERVER for NAME, with WINDOW questions under way     answers, us
 *
 * A connection's first byte says what it is for: u, d, q (ask, rate), i. Of q the server closes first, so that no port of a
 * client waits. Exit status 1 and a message if anything does not work. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (128 << 10)
#define QUESTION 64
#define STREAMS_MAX 64
#define SAMPLES_MAX 100000
#define IDLE_MAX 20000
#define WINDOW_MAX 1000

static char chunk[CHUNK];

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "netload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

static void raise_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* ---- the server ---- */

struct served {
    int fd;
    char what;       /* 0: not said yet */
    uint64_t got;
};

static void serve_end(struct served *s)
{
    close(s->fd);
    free(s);
}

static void serve_upload(struct served *s)
{
    for (int i = 0; i < 16; i++) { /* then others */
        ssize_t n = recv(s->fd, chunk, CHUNK, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n > 0) {
            s->got += (uint64_t)n;
            continue;
        }
        if (n == 0 && send(s->fd, &s->got, sizeof(s->got), MSG_NOSIGNAL) < 0)
            perror("netload: send");
        serve_end(s);
        return;
    }
}

static void serve_download(struct served *s)
{
    for (int i = 0; i < 16; i++) {
        ssize_t n = send(s->fd, chunk, CHUNK, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            serve_end(s);
            return;
        }
    }
}

static void serve_question(struct served *s)
{
    ssize_t n = recv(s->fd, chunk, QUESTION, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    s->got += n > 0 ? (uint64_t)n : 0;
    if (n > 0 && s->got < QUESTION)
        return;
    if (s->got == QUESTION && send(s->fd, chunk, QUESTION, MSG_NOSIGNAL) < 0)
        perror("netload: send");
    serve_end(s);
}

static void serve_one(int epoll, struct served *s)
{
    if (!s->what) {
        ssize_t n = recv(s->fd, &s->what, 1, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            serve_end(s);
            return;
        }
        s->got = s->what == 'q'; /* of its question */
        struct epoll_event event = { .events = s->what == 'd' ? EPOLLOUT : EPOLLIN, .data.ptr = s };
        if (epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &event) < 0)
            die("epoll");
    }
    if (s->what == 'u')
        serve_upload(s);
    else if (s->what == 'd')
        serve_download(s);
    else if (s->what == 'q')
        serve_question(s);
    else if (recv(s->fd, chunk, CHUNK, MSG_DONTWAIT) == 0)
        serve_end(s);
}

static void serve_accept(int epoll, int listener)
{
    static const int on = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
        struct served *s = calloc(1, sizeof(*s));
        if (!s)
            die("calloc");
        s->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = s };
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            die("epoll");
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        die("accept");
}

_Noreturn static void serve(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, len) < 0 || listen(listener, 4096) < 0 ||
        getsockname(listener, (struct sockaddr *)&a, &len) < 0)
        die("listen");
    raise_fds();
    printf("%u\n", ntohs(a.sin_port));
    fflush(stdout);

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        die("epoll");
    for (;;) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, -1);
        if (n < 0 && errno != EINTR)
            die("epoll");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                serve_one(epoll, events[i].data.ptr);
            else
                serve_accept(epoll, listener);
        }
    }
}

/* ---- the client ---- */

static struct sockaddr_storage server;
static socklen_t server_len;

static void find_server(const char *host, const char *port)
{
    static const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    int r = getaddrinfo(host, port, &hints, &found);
    if (r != 0) {
        fprintf(stderr, "netload: %s: %s\n", host, gai_strerror(r));
        exit(1);
    }
    memcpy(&server, found->ai_addr, found->ai_addrlen);
    server_len = found->ai_addrlen;
    freeaddrinfo(found);
}

static int connect_for(const char *what, size_t n)
{
    static const int on = 1;
    int fd = socket(server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, server_len) < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (send(fd, what, n, MSG_NOSIGNAL) != (ssize_t)n)
        die("send");
    return fd;
}

static void read_all(int fd, void *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t r = recv(fd, (char *)to + at, n - at, 0);
        if (r <= 0)
            die(r < 0 ? "recv" : "the server's end");
        at += (size_t)r;
    }
}

static uint64_t upload(uint64_t end)
{
    uint64_t arrived;
    int fd = connect_for("u", 1);
    while (now_us() < end)
        if (send(fd, chunk, CHUNK, MSG_NOSIGNAL) < 0)
            die("send");
    shutdown(fd, SHUT_WR);
    read_all(fd, &arrived, sizeof(arrived));
    close(fd);
    return arrived;
}

static uint64_t download(uint64_t end)
{
    uint64_t got = 0;
    int fd = connect_for("d", 1);
    while (now_us() < end) {
        ssize_t n = recv(fd, chunk, CHUNK, 0);
        if (n <= 0)
            die("recv");
        got += (uint64_t)n;
    }
    close(fd);
    return got;
}

static void ask_once(void)
{
    char question[QUESTION] = "q", answer[QUESTION];
    int fd = connect_for(question, sizeof(question));
    read_all(fd, answer, sizeof(answer));
    close(fd);
}

static uint64_t ask_until(uint64_t end)
{
    uint64_t n = 0;
    for (; now_us() < end; n++)
        ask_once();
    return n;
}

/* So many processes do it at once: prints the sum of what they return, and how long the last one took. */
static void together(uint64_t (*work)(uint64_t end), size_t workers, uint64_t ms)
{
    uint64_t *sums = mmap(NULL, STREAMS_MAX * sizeof(*sums), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sums == MAP_FAILED || workers == 0 || workers > STREAMS_MAX)
        die("workers");
    uint64_t begin = now_us(), sum = 0;
    for (size_t i = 0; i < workers; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            sums[i] = work(begin + ms * 1000);
            _exit(0);
        }
    }
    for (size_t i = 0; i < workers; i++) {
        int status;
        if (wait(&status) < 0 || status != 0)
            die("a worker");
    }
    uint64_t took = now_us() - begin;
    for (size_t i = 0; i < workers; i++)
        sum += sums[i];
    munmap(sums, STREAMS_MAX * sizeof(*sums));
    printf("%llu %llu\n", (unsigned long long)sum, (unsigned long long)took);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void ask(size_t n)
{
    static uint32_t samples[SAMPLES_MAX];
    if (n == 0 || n > SAMPLES_MAX)
        die("number");
    for (size_t i = 0; i < n; i++) {
        uint64_t begin = now_us();
        ask_once();
        samples[i] = (uint32_t)(now_us() - begin);
    }
    qsort(samples, n, sizeof(*samples), compare);
    printf("%u %u\n", samples[n / 2], samples[n * 99 / 100]);
}

static int idle[IDLE_MAX];
static size_t n_idle;

static void be_idle(size_t n)
{
    if (n > IDLE_MAX)
        die("number");
    while (n_idle < n)
        idle[n_idle++] = connect_for("i", 1);
    printf("%zu\n", n_idle);
}

static void end_idle(void)
{
    while (n_idle > 0)
        close(idle[--n_idle]);
}

/* ---- DNS ---- */

static int name_server(const char *address)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(53) };
    struct timeval patience = { .tv_sec = 2 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
        die("the DNS server");
    return fd;
}

/* RFC 1035: a question for A of name; its length. */
static size_t compose_question(const char *name, unsigned char *to)
{
    static const unsigned char head[12] = { 0, 0, 1, 0, 0, 1 }, tail[5] = { 0, 0, 1, 0, 1 };
    size_t at = sizeof(head);
    memcpy(to, head, sizeof(head));
    while (*name) {
        size_t n = strcspn(name, ".");
        to[at++] = (unsigned char)n;
        memcpy(to + at, name, n);
        at += n;
        name += n + (name[n] == '.');
    }
    memcpy(to + at, tail, sizeof(tail));
    return at + sizeof(tail);
}

static void dns(const char *address, const char *name, size_t window, uint64_t ms)
{
    unsigned char question[300], answer[600];
    int fd = name_server(address);
    size_t len = strlen(name) < 250 ? compose_question(name, question) : 0;
    uint64_t begin = now_us(), end = begin + ms * 1000, got = 0;
    size_t under_way = 0;
    if (!len || window == 0 || window > WINDOW_MAX)
        die("name, window");
    while (now_us() < end || under_way > 0) {
        for (; under_way < window && now_us() < end; under_way++) {
            question[1]++;
            if (send(fd, question, len, 0) < 0)
                die("send");
        }
        ssize_t n = recv(fd, answer, sizeof(answer), 0);
        if (n < 0 && errno == EAGAIN) { /* the rest is lost */
            under_way = 0;
            continue;
        }
        if (n < 12 || (answer[3] & 15) != 0 || answer[7] != 1)
            die("an answer that is none");
        under_way--;
        got++;
    }
    printf("%llu %llu\n", (unsigned long long)got, (unsigned long long)(now_us() - begin));
    close(fd);
}

static void client(const char *host, const char *port)
{
    char line[512], address[64], name[256];
    unsigned long long a, b;
    raise_fds();
    find_server(host, port);
    while (fgets(line, sizeof(line), stdin)) {
        end_idle();
        if (sscanf(line, "up %llu %llu", &a, &b) == 2)
            together(upload, a, b);
        else if (sscanf(line, "down %llu %llu", &a, &b) == 2)
            together(download, a, b);
        else if (sscanf(line, "rate %llu %llu", &a, &b) == 2)
            together(ask_until, a, b);
        else if (sscanf(line, "ask %llu", &a) == 1)
            ask(a);
        else if (sscanf(line, "idle %llu", &a) == 1)
            be_idle(a);
        else if (sscanf(line, "dns %63s %255s %llu %llu", address, name, &a, &b) == 4)
            dns(address, name, a, b);
        else
            die("no such order");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        serve();
    if (argc != 4 || strcmp(argv[1], "client") != 0) {
        fputs("usage: netload serve\n       netload client HOST PORT\n", stderr);
        return 2;
    }
    client(argv[2], argv[3]);
    return 0;
}
