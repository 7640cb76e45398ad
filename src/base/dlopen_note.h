/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells packagers' tools that a library is opened at run time: systemd's ELF dlopen metadata
 * (https://systemd.io/ELF_DLOPEN_METADATA/). */
#ifndef AGENTJAIL_BASE_DLOPEN_NOTE_H
#define AGENTJAIL_BASE_DLOPEN_NOTE_H

#include <stdint.h>

/* A note is read by its lengths, by those tools and by our own look for the build id (filter/cache.c), so nothing may lie
 * between it and the next: clang's AddressSanitizer would put a red zone there; gcc's leaves sections with a name alone. */
#ifdef __clang__
#define DLOPEN_NOTE_PLACE used, section(".note.dlopen"), aligned(4), no_sanitize("address")
#else
#define DLOPEN_NOTE_PLACE used, section(".note.dlopen"), aligned(4)
#endif

/* Define the note of the file that opens library (a literal) for feature (a literal). Once a file, at file scope. */
#define DLOPEN_NOTE(library, feature) \
    static const struct { \
        uint32_t name_len, text_len, type; \
        char name[4]; \
        char text[(sizeof(DLOPEN_NOTE_TEXT(library, feature)) + 3) & ~3U]; \
    } dlopen_note __attribute__((DLOPEN_NOTE_PLACE)) = { .name_len = 4, \
                                                         .text_len = sizeof(DLOPEN_NOTE_TEXT(library, feature)), \
                                                         .type = 0x407c0c0a, \
                                                         .name = "FDO", \
                                                         .text = DLOPEN_NOTE_TEXT(library, feature) }
#define DLOPEN_NOTE_TEXT(library, feature) \
    "[{\"soname\":[\"" library "\"],\"feature\":\"" feature "\",\"priority\":\"required\"}]"

#endif
