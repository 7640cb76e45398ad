/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks through sockets: what listens on the host, families that reach the kernel's odd corners. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/inet_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "attack.h"

/* A Unix address; a name that begins with '@' is an abstract one. */
static socklen_t unix_address(const char *name, struct sockaddr_un *ret)
{
    size_t n = strlen(name);

    memset(ret, 0, sizeof(*ret));
    ret->sun_family = AF_UNIX;
    if (n >= sizeof(ret->sun_path))
        n = sizeof(ret->sun_path) - 1;
    memcpy(ret->sun_path, name, n);
    if (name[0] == '@')
        ret->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (name[0] != '@'));
}

/* listen NAME: not an attack: stream and datagram sockets at NAME and NAME.d; ends well when either is reached. */
static int attack_listen(char **argv)
{
    struct sockaddr_un a;
    struct pollfd p[2];
    char name[108];

    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "%s%s", argv[0], i ? ".d" : "");
        socklen_t n = unix_address(name, &a);

        p[i].fd = socket(AF_UNIX, (i ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        p[i].events = POLLIN;
        if (p[i].fd < 0 || bind(p[i].fd, (struct sockaddr *)&a, n) < 0 || (i == 0 && listen(p[i].fd, 5) < 0))
            return broken("listen");
    }
    puts("listening");
    fflush(stdout);
    return poll(p, 2, -1) > 0 ? WORKED : BROKEN;
}

static int attack_connect_unix(char **argv)
{
    struct sockaddr_un a;
    socklen_t n = unix_address(argv[0], &a);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return stopped("socket");
    return connect(fd, (struct sockaddr *)&a, n) < 0 ? stopped("connect") : worked();
}

/* send-unix NAME: a datagram without connect (past filters that look at connect only). */
static int attack_send_unix(char **argv)
{
    struct sockaddr_un a;
    char name[108];

    snprintf(name, sizeof(name), "%s.d", argv[0]);
    socklen_t n = unix_address(name, &a);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return stopped("socket");
    return sendto(fd, "x", 1, 0, (struct sockaddr *)&a, n) < 0 ? stopped("sendto") : worked();
}

/* listen-inet: not an attack: a TCP and a UDP socket on loopback with the same port, which it prints. Answers UDP. */
static int attack_listen_inet(char **argv)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof(a);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)argv;
    if (tcp < 0 || udp < 0 || bind(tcp, (struct sockaddr *)&a, n) < 0 || listen(tcp, 5) < 0 ||
        getsockname(tcp, (struct sockaddr *)&a, &n) < 0 || bind(udp, (struct sockaddr *)&a, n) < 0)
        return broken("listen");
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    for (char c; recvfrom(udp, &c, 1, 0, (struct sockaddr *)&a, &n) >= 0;)
        sendto(udp, "y", 1, 0, (struct sockaddr *)&a, n);
    return BROKEN;
}

static struct sockaddr_in loopback(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((in_port_t)atoi(port)),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};

    return a;
}

static int no_answer(void)
{
    puts("no answer");
    return STOPPED;
}

/* tcp PORT: a connection. An answer that does not come is none. */
static int attack_tcp(char **argv)
{
    struct sockaddr_in a = loopback(argv[0]);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof(error);

    if (fd < 0)
        return stopped("socket");
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno != EINPROGRESS)
        return stopped("connect");
    if (poll(&p, 1, 3000) < 1)
        return no_answer();
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
        return broken("getsockopt");
    errno = error;
    return error ? stopped("connect") : worked();
}

/* tcp-bind PORT 0: a server socket. */
static int attack_tcp_bind(char **argv)
{
    struct sockaddr_in a = loopback(argv[0]);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return stopped("socket");
    return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? stopped("bind") : worked();
}

/* udp PORT: a question and its answer. */
static int attack_udp(char **argv)
{
    struct sockaddr_in a = loopback(argv[0]);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;

    if (fd < 0)
        return stopped("socket");
    if (sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)) < 0)
        return stopped("sendto");
    if (poll(&p, 1, 2000) < 1 || read(fd, &c, 1) != 1)
        return no_answer();
    return worked();
}

/* interface NAME: an interface other than lo can be seen by its index. */
static int attack_interfaces(char **argv)
{
    struct if_nameindex *list = if_nameindex();
    int n = 0;

    (void)argv;
    if (!list)
        return stopped("if_nameindex");
    for (struct if_nameindex *i = list; i->if_index; i++)
        if (strcmp(i->if_name, "lo") != 0)
            n++;
    if (n == 0)
        puts("only lo");
    return n ? worked() : STOPPED;
}

/* socket FAMILY TYPE PROTOCOL, in numbers. */
static int attack_socket(char **argv)
{
    int fd = socket(atoi(argv[0]), atoi(argv[1]), atoi(argv[2]));

    return fd < 0 ? stopped_or_lacking("socket") : worked();
}

/* socket-high: the family with bits set that the kernel ignores but a 64-bit comparison does not. */
static int attack_socket_high(char **argv)
{
    long fd = syscall(SYS_socket, 0x100000000ULL | (unsigned)atoi(argv[0]), atoi(argv[1]), atoi(argv[2]));

    return fd < 0 ? stopped_or_lacking("socket") : worked();
}

/* pair FAMILY: the same through socketpair. */
static int attack_pair(char **argv)
{
    int fds[2];

    return socketpair(atoi(argv[0]), SOCK_STREAM, 0, fds) < 0 ? stopped_or_lacking("socketpair") : worked();
}

/* diag: every TCP socket of the network namespace. */
static int attack_diag(char **argv)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } m = {.header = {.nlmsg_len = sizeof(m),
                      .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
           .request = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u}};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    (void)argv;
    if (fd < 0)
        return stopped_or_lacking("socket");
    return send(fd, &m, sizeof(m), 0) < 0 ? stopped("send") : worked();
}

/* control PATH: ask a running jail's monitor what it does. The request is struct control_request of ipc/control.h. */
static int attack_control(char **argv)
{
    struct {
        unsigned version, kind;
        long long value;
        char text[496];
    } request = {.version = 1, .kind = 1};
    char *slash = strrchr(argv[0], '/');
    char answer[8192];
    struct sockaddr_un a;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return stopped("socket");
    if (!slash)
        return broken("a path with a slash");
    *slash = '\0'; /* the whole path may be too long for an address */
    if (chdir(argv[0]) < 0)
        return stopped("chdir");
    socklen_t n = unix_address(slash + 1, &a);
    if (connect(fd, (struct sockaddr *)&a, n) < 0)
        return stopped("connect");
    if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
        return stopped("send");
    ssize_t got = recv(fd, answer, sizeof(answer), 0);
    if (got == 0)
        errno = ECONNRESET;
    return got < 9 ? stopped("recv") : worked();
}

static const struct attack table[] = {
    {"listen", 1, attack_listen},
    {"connect-unix", 1, attack_connect_unix},
    {"send-unix", 1, attack_send_unix},
    {"listen-inet", 0, attack_listen_inet},
    {"tcp", 1, attack_tcp},
    {"tcp-bind", 1, attack_tcp_bind},
    {"udp", 1, attack_udp},
    {"interfaces", 0, attack_interfaces},
    {"socket", 3, attack_socket},
    {"socket-high", 3, attack_socket_high},
    {"pair", 1, attack_pair},
    {"diag", 0, attack_diag},
    {"control", 1, attack_control},
    {NULL, 0, NULL},
};

int main(int argc, char **argv)
{
    return attack_main(table, argc, argv);
}
