# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the vendors' login services answer once the browser has brought a code back (RFC 6749)."""
import base64
import json
import urllib.parse

CODE = "42"


def token(claims):
    """A JSON Web Token that nobody has signed."""
    parts = [json.dumps({"alg": "none"}), json.dumps(claims), "none"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def asked(data):
    text = data.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return dict(urllib.parse.parse_qsl(text))


def answer(method, path, data):
    """A JSON object, or None: this is about no login, or the code is another."""
    if method == "POST" and path in ("/oauth/token", "/v1/oauth/token", "/token"):
        request = asked(data)
        if request.get("grant_type") == "authorization_code" and request.get("code") != CODE:
            return None
        account = {"chatgpt_account_id": "account", "chatgpt_plan_type": "plus"}
        claims = {"email": "ann@example.org", "exp": 4102444800, "https://api.openai.com/auth": account}
        return {
            "token_type": "Bearer",
            "access_token": token(claims) if path == "/oauth/token" else "access-of-the-login",
            "id_token": token(claims),
            "refresh_token": "refresh-of-the-login",
            "expires_in": 28800,
            "scope": "user:inference user:profile",
            "account": {"uuid": "11111111-2222-3333-4444-555555555555", "email_address": "ann@example.org"},
            "organization": {"uuid": "66666666-2222-3333-4444-555555555555", "name": "Ann's"},
        }
    if method == "GET" and path == "/api/oauth/profile":
        return {
            "account": {"uuid": "11111111-2222-3333-4444-555555555555", "email": "ann@example.org", "has_claude_max": True},
            "organization": {"uuid": "66666666-2222-3333-4444-555555555555", "organization_type": "claude_max"},
        }
    if method == "GET" and path == "/oauth2/v2/userinfo":
        return {"email": "ann@example.org", "id": "1"}
    if method == "POST" and path == "/tokeninfo":
        return {"scope": "https://www.googleapis.com/auth/cloud-platform", "expires_in": 28800}
    if method == "POST" and path in ("/v1internal:listExperiments", "/v1internal:retrieveUserQuota"):
        return {}
    if method == "POST" and path == "/v1internal:loadCodeAssist":
        return {"currentTier": {"id": "free-tier", "name": "Free"}, "allowedTiers": [], "cloudaicompanionProject": "project"}
    return None
