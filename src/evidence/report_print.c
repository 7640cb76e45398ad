/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A report in the form that is asked for. */
#include <string.h>

#include "evidence/report.h"

enum report_form report_form_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot && (strcmp(dot, ".html") == 0 || strcmp(dot, ".htm") == 0))
        return REPORT_HTML;
    return dot && strcmp(dot, ".json") == 0 ? REPORT_JSON : REPORT_TEXT;
}

int report_print(const struct report *report, enum report_form form, const char *file, const char *integrity, struct buf *out)
{
    switch (form) {
    case REPORT_HTML:
        return report_html(report, file, integrity, out);
    case REPORT_JSON:
        return report_json(report, file, integrity, out);
    case REPORT_TEXT:
        break;
    }
    return report_text(report, file, integrity, 0, out);
}
