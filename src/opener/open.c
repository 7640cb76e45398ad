/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xdg-open, and the like, inside a jail with open-url = ask or allow: hands an address to agentjail, which has the host's
 * browser open it. Runs as the payload, with no right that the payload does not have; what it says is judged outside.
 *
 * Exit status as xdg-open's: 0 opened, 1 wrong arguments, 4 not opened. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/web_url.h"
#include "ipc/open_url.h"

enum { EXIT_ARGUMENTS = 1, EXIT_FAILED = 4 };

static int fail(int status, const char *text)
{
    fprintf(stderr, "agentjail: %s\n", text);
    return status;
}

static int connect_gateway(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(OPEN_URL_PORT) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && inet_pton(AF_INET, OPEN_URL_ADDRESS, &at.sin_addr) == 1 &&
        connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    return -1;
}

static int send_all(int fd, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = send(fd, text + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            return -1;
        at += (size_t)n;
    }
    return 0;
}

/* The line that comes back, without its end; "" if none does. */
static void read_line(int fd, char *out, size_t size)
{
    size_t len = 0;
    for (ssize_t n; len < size - 1 && (n = read(fd, out + len, size - 1 - len)) > 0; len += (size_t)n)
        ;
    out[len] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

int main(int argc, char **argv)
{
    char url[WEB_URL_SIZE + 1], answer[256];
    if (argc != 2 || argv[1][0] == '-')
        return fail(EXIT_ARGUMENTS, "usage: xdg-open http(s)://ADDRESS (opens it in the browser outside of this jail)");
    size_t len = strlen(argv[1]);
    if (len > WEB_URL_MAX || strchr(argv[1], '\n'))
        return fail(EXIT_ARGUMENTS, "the address is too long, or has more than one line");
    memcpy(url, argv[1], len);
    url[len++] = '\n';
    int fd = connect_gateway();
    if (fd < 0)
        return fail(EXIT_FAILED, "this jail opens no pages (open-url = deny), or its gateway is gone");
    if (send_all(fd, url, len) < 0)
        return fail(EXIT_FAILED, "the gateway is gone");
    read_line(fd, answer, sizeof(answer));
    if (strcmp(answer, "0") == 0)
        return 0;
    return fail(EXIT_FAILED, *answer ? answer : "the gateway is gone");
}
