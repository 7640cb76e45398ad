#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# certificates.sh DIR: a CA (ca.pem) of the test's own, and a certificate for all of its names (server.pem, with its key).
set -eu
cd "$1"
[ ! -e server.pem ] || exit 0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=agentjail test CA" \
    -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=internet" -keyout server.key -out server.csr 2>/dev/null
cat >names <<EOF
subjectAltName=DNS:example.com,DNS:*.example.com,DNS:*.sub.example.com,DNS:example.org,DNS:*.example.org,DNS:github.com,DNS:pypi.org,DNS:files.pythonhosted.org,DNS:api.anthropic.com,DNS:api.openai.com,DNS:generativelanguage.googleapis.com,DNS:auth.openai.com,DNS:claude.ai,DNS:platform.claude.com,DNS:accounts.google.com,DNS:oauth2.googleapis.com,DNS:www.googleapis.com,DNS:cloudcode-pa.googleapis.com
EOF
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile names -out cert.pem 2>/dev/null
cat cert.pem server.key >server.pem
chmod 644 server.pem ca.pem
