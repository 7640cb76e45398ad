/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of addresses for the browser. Properties: what is taken is printable, has no user name, and is read as itself again;
 * what is refused says why, and leaves the result alone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/web_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct web_url once, twice;
    const char *why = NULL;
    memset(&once, 0x5a, sizeof(once));
    if (web_url_parse((const char *)data, size, &once, &why) < 0) {
        if (!why || !*why || once.text[0] != 0x5a)
            abort();
        return 0;
    }
    size_t len = strlen(once.text);
    for (size_t i = 0; i < len; i++)
        if (once.text[i] <= 0x20 || once.text[i] >= 0x7f)
            abort();
    const char *host = strstr(once.text, "://") + 3;
    if (len > WEB_URL_MAX || memchr(host, '@', strcspn(host, "/")) || (once.callback && once.callback < 1024))
        abort();
    if (web_url_parse(once.text, len, &twice, &why) < 0 || strcmp(once.text, twice.text) != 0 ||
        strcmp(once.host, twice.host) != 0 || once.port != twice.port || once.callback != twice.callback ||
        once.place != twice.place)
        abort();
    return 0;
}
