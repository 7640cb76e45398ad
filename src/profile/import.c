/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile/import.h"

#include <fnmatch.h>
#include <string.h>

#include "profile/merge.h"
#include "profile/path.h"

/* Names of files and directories, of any program; globs, case ignored. */
static const char *const names[] = {
    ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".putty", ".oci", "gcloud", "keyrings",
    ".mozilla", ".thunderbird", "google-chrome*", "chromium", "kwalletd", "1password", "bitwarden*", "keybase", "sops",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx",
    "*.gpg", "*.asc", "*.ppk", "*.age", ".netrc", "_netrc", ".git-credentials", ".npmrc", ".yarnrc*", ".pypirc", ".pgpass",
    ".my.cnf", ".mylogin.cnf", ".dockercfg", ".vault-token", ".terraformrc", ".boto", ".s3cfg", ".gem",
    ".env", ".env.*", ".envrc", "*credential*", "*secret*", "*token*", "*password*", "*passwd*", "*cookie*", "*oauth*",
    "auth.json", "auth.toml", "auth.db", "hosts.yml", "google_accounts.json", ".claude.json", "*_history", ".*_history",
    "history.jsonl", "*.sqlite-wal",
};

/* Names that mean it only inside that directory. */
static const char *const pairs[] = { ".cargo/config*", "pip/pip.conf", ".config/gh", ".config/op", ".config/rclone",
                                     "rclone/rclone.conf", ".subversion/auth", ".m2/settings*.xml", ".gradle/gradle.properties",
                                     ".nuget/NuGet*", "uv/credentials", "containers/auth*", "git/credential*" };

static bool matches(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (fnmatch(list[i], text, FNM_CASEFOLD) == 0)
            return true;
    return false;
}

bool import_is_credential(const char *path)
{
    char text[2 * 256 + 2];
    const char *before = NULL;
    while (*path) {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        if (len == 0)
            break;
        if (len > 255)
            return true; /* longer than a name can be */
        snprintf(text, sizeof(text), "%.*s", (int)len, path);
        if (matches(names, ELEMENTSOF(names), text))
            return true;
        if (before) {
            snprintf(text, sizeof(text), "%.*s/%.*s", (int)strcspn(before, "/"), before, (int)len, path);
            if (matches(pairs, ELEMENTSOF(pairs), text))
                return true;
        }
        before = path;
        path += len;
    }
    return false;
}
