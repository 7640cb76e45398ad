/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A summary of a log that somebody has altered: whatever is in it, text comes out on lines of its own that are safe for a
 * terminal, and HTML with no markup but ours. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/parse.h"
#include "evidence/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_harmless(const struct buf *out)
{
    if (!out->data || !utf8_valid(out->data, out->len) || strlen(out->data) != out->len)
        abort();
    for (size_t i = 0; i < out->len; i++)
        if (((unsigned char)out->data[i] < 0x20 && out->data[i] != '\n') || out->data[i] == 0x7f)
            abort();
}

/* A tag of ours, whose attributes are ours, too. */
static void expect_tag(const char *tag, size_t len)
{
    static const char *const names[] = { "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p",
                                         "div", "span", "b", "i", "section", "small", "table", "tr", "td", "th", "details",
                                         "summary", "footer" };
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 =\"-;:%,'/";
    size_t skip = len && *tag == '/', name = 0;
    bool known = false;
    while (skip + name < len && tag[skip + name] != ' ')
        name++;
    for (size_t i = 0; i < ELEMENTSOF(names) && !known; i++)
        known = strlen(names[i]) == name && memcmp(names[i], tag + skip, name) == 0;
    for (size_t i = 0; i < len; i++)
        known = known && tag[i] && strchr(plain, tag[i]);
    if (!known)
        abort();
}

static void expect_own_markup(const struct buf *html)
{
    const char *p = strstr(html->data, "</style>"); /* what stands before is ours, but for the title */
    for (const char *title = strstr(html->data, "<title>") + 7, *end = strstr(title, "</title>"); title < end; title++)
        if (strchr("<>", *title))
            abort();
    for (; p && (p = strpbrk(p, "<>")); p++) {
        const char *end = *p == '<' ? strpbrk(p + 1, "<>") : NULL;
        if (!end || *end != '>')
            abort();
        expect_tag(p + 1, (size_t)(end - p - 1));
        p = end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report report = { 0 };
    struct buf text = { 0 }, html = { 0 }, json = { 0 };
    int fd = memfd_create("log", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
        abort();
    if (report_read(&report, &LOG_STREAM_OF(fd), NULL, NULL) < 0)
        abort();
    close(fd);
    report_sort(&report);
    if (report_text(&report, "log", "whole", 3, &text) < 0 || report_html(&report, "log", "whole", &html) < 0 ||
        report_json(&report, "log", "whole", &json) < 0)
        abort();
    expect_harmless(&text);
    expect_harmless(&html);
    expect_harmless(&json);
    expect_own_markup(&html);
    report_free(&report);
    buf_free(&text);
    buf_free(&html);
    buf_free(&json);
    return 0;
}
