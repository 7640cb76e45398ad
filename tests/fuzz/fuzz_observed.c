/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzer of what init tells of the payload's calls. Properties: what is taken has every text within the packet, ended by its
 * NUL, and the texts that its kind needs; its words too. */
#include <stdlib.h>
#include <string.h>

#include "ipc/observed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const struct observed_message *m, const char *text)
{
    require(text >= m->data && text < m->data + sizeof(m->data));
    require(memchr(text, '\0', sizeof(m->data) - (size_t)(text - m->data)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct observed_message m;
    size_t head = size < sizeof(m.head) ? size : sizeof(m.head), rest = size - head;
    if (rest > sizeof(m.data))
        return 0;
    memset(m.data, 'x', sizeof(m.data));
    memcpy(&m.head, data, head);
    memcpy(m.data, data + head, rest);
    if (observed_parse(&m, size) < 0)
        return 0;
    require(size >= sizeof(m.head) && m.head.kind > 0 && m.head.kind < OBSERVED_KINDS);
    require(m.head.kind == OBSERVED_LOST || m.head.kind == OBSERVED_REPEATED || m.head.kind == OBSERVED_UNKEPT ||
            m.head.kind == OBSERVED_DENIED || m.texts[OBSERVED_PATH]);
    require(m.head.number < OBSERVED_REFUSALS_MAX && m.head.tried < OBSERVED_LOST);
    require((m.head.kind != OBSERVED_RENAME && m.head.kind != OBSERVED_LINK) || m.texts[OBSERVED_SECOND]);
    for (int i = 0; i < OBSERVED_TEXTS; i++)
        if (m.texts[i])
            check_text(&m, m.texts[i]);
    for (size_t i = 0; m.argv[i]; i++)
        check_text(&m, m.argv[i]);
    return 0;
}
