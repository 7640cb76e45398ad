/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter/filter.h"

#include "filter/cache.h"
#include "filter/compile.h"
#include "filter/names.h"
#include "filter/rules.h"
#include "filter/source.h"

static int compile(const struct source_set *sources, struct names *names, struct filter_program *ret_program,
                   struct buf *why)
{
    _cleanup_rules_ struct rules rules = { 0 };
    int r = rules_parse(sources, names, &rules, why);
    if (r < 0)
        return r;
    struct filter_program program = { 0 };
    r = filter_compile(&rules, names, &program.code, &program.n, why);
    if (r < 0)
        return r;
    *ret_program = program;
    return 0;
}

int filter_load(const struct filter_request *request, struct filter_program *ret_program, struct buf *why)
{
    _cleanup_source_set_ struct source_set sources = { 0 };
    int r = source_set_read(request, &sources, why);
    if (r < 0)
        return r;

    _cleanup_cache_ struct cache cache;
    cache_open(&cache, request->cache_dir, &sources);
    if (cache_load(&cache, &sources, ret_program) >= 0)
        return 0;

    _cleanup_names_ struct names *names = NULL;
    r = names_open(&names, why);
    if (r < 0)
        return r;
    struct filter_program program;
    r = compile(&sources, names, &program, why);
    if (r < 0)
        return r;
    cache_store(&cache, request->cache_dir, &sources, names, &program);
    program.cache_note = cache.note;
    *ret_program = program;
    return 0;
}
