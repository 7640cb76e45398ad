/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain_programs.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "profile/access.h"
#include "profile/path.h"

/* Programs that run code which they are given as a file, an argument or input: interpreters, debuggers, compilers and build
 * tools, which run what they build, and what is all of a system in one. */
static const char *const takes_code[] = {
    "python*", "pypy*", "perl*", "ruby*", "node", "nodejs", "bun", "deno", "lua*", "luajit*", "php*", "tclsh*", "wish*",
    "guile*", "java", "dotnet", "mono*", "julia", "R", "Rscript", "erl", "elixir", "ghci*", "ocaml*", "sbcl", "racket",
    "sh", "bash", "dash", "ash", "zsh", "ksh*", "mksh", "fish", "csh", "tcsh", "pwsh", "busybox*", "toybox*",
    "awk", "gawk", "mawk", "nawk", "sqlite3", "vi", "vim*", "nvim", "emacs*", "ed", "gdb*", "lldb*", "strace",
    "gcc*", "g++*", "*-gcc*", "*-g++*", "cc", "c++", "cpp*", "clang*", "tcc", "rustc", "cargo", "go", "ld", "ld.*", "as",
    "make", "gmake", "cmake", "ninja", "meson", "npm", "npx", "pip*", "uv", "ld-linux*", "ld-musl*", "ld.so",
};

static bool is_interpreter(const char *path)
{
    for (size_t i = 0; i < ELEMENTSOF(takes_code); i++)
        if (fnmatch(takes_code[i], path_basename(path), 0) == 0)
            return true;
    return false;
}

/* The most usual ones. */
static bool has_interpreters(const char *directory)
{
    static const char *const names[] = { "sh", "bash", "python3", "perl", "node", "ruby", "busybox", "awk", "gcc" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s/%s", directory, names[i]) < (int)sizeof(path) && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

const char *explain_program(const struct policy *policy, const struct run_rule *rule)
{
    char real[PATH_MAX];
    struct stat st;
    if (!realpath(rule->path, real) || stat(real, &st) < 0)
        return "does not exist";
    if (rule->deny)
        return NULL;
    if (S_ISDIR(st.st_mode) && policy_payload_writes(policy, real))
        return "NO FENCE: the command may write there, and run what it writes";
    if (S_ISDIR(st.st_mode) && has_interpreters(real))
        return "NO FENCE against code: interpreters are in it, which run what they are given";
    if (is_interpreter(rule->path) || is_interpreter(real))
        return "NO FENCE against code: it runs what it is given";
    return NULL;
}
