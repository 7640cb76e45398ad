/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/program_head.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

static void copy(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size || memchr(text, '\0', len))
        len = 0;
    memcpy(out, text, len);
    out[len] = '\0';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

static const char *line_end(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline ? newline : end;
}

static const char *word_end(const char *p, const char *end)
{
    while (p < end && *p != ' ' && *p != '\t' && *p != '\r')
        p++;
    return p;
}

/* '''exec' "/a/path/python" "$0" "$@": what runs the file is the word behind exec. */
static void parse_trampoline(const char *line, const char *end, struct program_head *head)
{
    static const char exec[] = "'''exec' ";
    size_t len = sizeof(exec) - 1;
    if ((size_t)(end - line) <= len || memcmp(line, exec, len) != 0)
        return;
    const char *p = skip_blanks(line + len, end), *close;
    if (p < end && (*p == '"' || *p == '\'')) {
        close = memchr(p + 1, *p, (size_t)(end - p - 1));
        p++;
    } else {
        close = word_end(p, end);
    }
    if (close)
        copy(head->second, sizeof(head->second), p, (size_t)(close - p));
}

static void parse_script(const char *data, size_t len, struct program_head *head)
{
    const char *end = data + len, *stop = line_end(data, end);
    const char *p = skip_blanks(data + 2, stop), *q = word_end(p, stop);
    copy(head->interpreter, sizeof(head->interpreter), p, (size_t)(q - p));
    p = skip_blanks(q, stop);
    q = stop;
    while (q > p && (q[-1] == ' ' || q[-1] == '\t' || q[-1] == '\r'))
        q--;
    copy(head->argument, sizeof(head->argument), p, (size_t)(q - p));
    if (stop < end)
        parse_trampoline(stop + 1, line_end(stop + 1, end), head);
}

/* The loader's name if it lies in what was read, which it does unless somebody has moved it with patchelf. */
static void take_loader(const char *data, size_t len, uint64_t offset, uint64_t size, struct program_head *head)
{
    if (size < 2 || offset > len || size > len - offset || data[offset + size - 1] != '\0')
        return;
    copy(head->interpreter, sizeof(head->interpreter), data + offset, (size_t)size - 1);
}

/* What of a table of program headers both classes have; n is bounded, as is all that is read. */
struct elf_parts {
    uint64_t offset;
    unsigned n, size;
};

enum { PARTS_MAX = 64 };

/* The i-th of the parts, which are of size bytes each, if all of it was read; else NULL. */
static const char *elf_part(const char *data, size_t len, const struct elf_parts *parts, unsigned i, size_t size)
{
    uint64_t at = (uint64_t)i * size;
    if (i >= PARTS_MAX || i >= parts->n || parts->size != size || parts->offset > len || at + size > len - parts->offset)
        return NULL;
    return data + parts->offset + at;
}

static void parse_elf64(const char *data, size_t len, struct program_head *head)
{
    Elf64_Ehdr file;
    Elf64_Phdr part = { .p_type = PT_NULL };
    if (len < sizeof(file))
        return;
    memcpy(&file, data, sizeof(file));
    struct elf_parts parts = { .offset = file.e_phoff, .n = file.e_phnum, .size = file.e_phentsize };
    const char *at = data;
    for (unsigned i = 0; part.p_type != PT_INTERP && (at = elf_part(data, len, &parts, i, sizeof(part))); i++)
        memcpy(&part, at, sizeof(part));
    if (at)
        take_loader(data, len, part.p_offset, part.p_filesz, head);
}

static void parse_elf32(const char *data, size_t len, struct program_head *head)
{
    Elf32_Ehdr file;
    Elf32_Phdr part = { .p_type = PT_NULL };
    if (len < sizeof(file))
        return;
    memcpy(&file, data, sizeof(file));
    struct elf_parts parts = { .offset = file.e_phoff, .n = file.e_phnum, .size = file.e_phentsize };
    const char *at = data;
    for (unsigned i = 0; part.p_type != PT_INTERP && (at = elf_part(data, len, &parts, i, sizeof(part))); i++)
        memcpy(&part, at, sizeof(part));
    if (at)
        take_loader(data, len, part.p_offset, part.p_filesz, head);
}

/* A program or a shared object (loaders are), by e_type in either byte order: no core file, which holds what a program knew. */
static bool is_elf_program(const unsigned char *data, size_t len)
{
    if (len < EI_NIDENT + 2 || memcmp(data, ELFMAG, SELFMAG) != 0)
        return false;
    unsigned type = data[EI_NIDENT] | data[EI_NIDENT + 1];
    return (data[EI_NIDENT] == 0 || data[EI_NIDENT + 1] == 0) && (type == ET_EXEC || type == ET_DYN);
}

void program_head_parse(const void *data, size_t len, struct program_head *ret_head)
{
    const char *text = data;
    *ret_head = (struct program_head){ 0 };
    if (len >= 2 && text[0] == '#' && text[1] == '!') {
        ret_head->kind = PROGRAM_SCRIPT;
        parse_script(text, len, ret_head);
    } else if (is_elf_program(data, len)) {
        ret_head->kind = PROGRAM_ELF;
        if (text[EI_CLASS] == ELFCLASS64)
            parse_elf64(text, len, ret_head);
        else if (text[EI_CLASS] == ELFCLASS32)
            parse_elf32(text, len, ret_head);
    }
}

/* Options of env(1) that take the next word. */
static bool takes_next(const char *word, size_t len)
{
    return len == 2 && (word[1] == 'u' || word[1] == 'C');
}

void program_head_env(const char *argument, char *out, size_t size)
{
    const char *p = argument, *end = argument + strlen(argument);
    bool skip = false;
    out[0] = '\0';
    while ((p = skip_blanks(p, end)) < end) {
        const char *q = word_end(p, end);
        size_t len = (size_t)(q - p);
        static const char split[] = "--split-string=";
        if (skip) {
            skip = false;
        } else if (len > 2 && p[0] == '-' && p[1] != '-' && memchr(p, 'S', len)) {
            const char *rest = (const char *)memchr(p, 'S', len) + 1; /* -Snode, -vSnode */
            if (rest < q) {
                p = rest;
                continue;
            }
        } else if (len > sizeof(split) - 1 && strncmp(p, split, sizeof(split) - 1) == 0) {
            p += sizeof(split) - 1;
            continue;
        } else if (p[0] == '-') {
            skip = takes_next(p, len);
        } else if (!memchr(p, '=', len)) {
            copy(out, size, p, len);
            return;
        }
        p = q;
    }
}
