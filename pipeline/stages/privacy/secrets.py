"""Formats of keys and tokens, each with where it is documented, and what a secret of no known format looks like.

All patterns are RE2's, so linear in the text. Of no format is anything but what is assigned to a name that says it is
a secret: hashes, ids and UUIDs are none.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

FORMATS: Final = {
    # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: AKIA access keys, ASIA temporary ones
    "aws": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    # github.blog/2021-04-05-behind-githubs-new-authentication-token-formats; fine-grained: docs.github.com
    "github": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
    # docs.gitlab.com/security/tokens: prefixes
    "gitlab": r"\bgl(?:pat|dt|rt|cbt|ptt|ft|oas|soat)-[A-Za-z0-9_-]{20,}",
    # api.slack.com/authentication/token-types
    "slack": r"\bxox[abeoprs]-[0-9A-Za-z-]{20,}",
    # api.slack.com/messaging/webhooks: whoever has the address may post
    "slack_webhook": r"\bhooks\.slack\.com/services/T[0-9A-Z]{6,}/B[0-9A-Z]{6,}/[0-9A-Za-z]{20,}",
    # api.slack.com/authentication/token-types: app-level tokens
    "slack_app": r"\bxapp-\d-[0-9A-Z]{6,}-\d{6,}-[0-9a-f]{32,}",
    # cloud.google.com/docs/authentication/api-keys
    "google": r"\bAIza[0-9A-Za-z_-]{35}",
    # developers.google.com/identity/protocols/oauth2: access tokens, client secrets
    "google_oauth": r"\bya29\.[0-9A-Za-z_-]{30,}|\bGOCSPX-[0-9A-Za-z_-]{28}\b",
    # docs.stripe.com/keys: secret and restricted keys
    "stripe": r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{20,}",
    # platform.openai.com and docs.anthropic.com: keys as their consoles give them
    "openai": r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}",
    "anthropic": r"\bsk-ant-[a-z0-9]{3,8}-[A-Za-z0-9_-]{80,}",
    # github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format
    "npm": r"\bnpm_[A-Za-z0-9]{36}\b",
    # the Python package index, help on API tokens: a macaroon whose first bytes are the same for all
    "pypi": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    # huggingface.co/docs/hub/security-tokens
    "huggingface": r"\bhf_[A-Za-z0-9]{34}\b",
    # docs.sendgrid.com/ui/account-and-settings/api-keys
    "sendgrid": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    # docs.digitalocean.com/reference/api/create-personal-access-token
    "digitalocean": r"\bdo[opr]_v1_[a-f0-9]{64}\b",
    # shopify.dev/changelog/length-of-the-shopify-access-token-is-increasing
    "shopify": r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}\b",
    # RFC 7519, 3: three parts in base64url, the first two JSON objects, so both begin with eyJ
    "jwt": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
    # RFC 7468, 10 and 11, OpenSSH's own, RFC 9580, 6.2: a block from its first line to its last, or as far as it goes
    "private_key": (
        r"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s+[A-Za-z-]+: [^\n]+)*"
        r"(?:(?:\\n|\s)*[A-Za-z0-9+/=]{16,76})+"
        r"(?:(?:\\n|\s)*[A-Za-z0-9+/=]{0,76}(?:\\n|\s)*(?:=[A-Za-z0-9+/]{4}\s*)?"
        r"-----END [A-Z ]{0,24}KEY(?: BLOCK)?-----)?"
    ),
}

FORMAT: Final = "|".join(f"(?:{pattern})" for pattern in FORMATS.values())

_NAME: Final = (
    r"(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?(?:key|token)|auth[_-]?token|client[_-]?secret|passw(?:or)?d|pwd|"
    r"(?:private|account)[_-]?key|bearer|token)[\"']?"
)
ASSIGNED: Final = (
    rf"(?i){_NAME}(?:\s{{0,3}}(?:=>|[:=])\s{{0,3}}[\"']([A-Za-z0-9+/=_.~!@#$%^&*-]{{16,}})[\"']|"
    rf"[ \t]{{0,3}}(?:=>|[:=])[ \t]{{0,3}}([A-Za-z0-9+/=_~-]{{16,}})(?:[\s&|,;)\]}}\"'<>`\\]|$))"
    r"|\bBearer[ \t]+([A-Za-z0-9+/=_~-]{16,})(?:[\s&|,;)\]}\"'<>`\\]|$)"
)
"""A value that is assigned to a name that says it is secret: in quotes, or bare (.env, YAML, a query, a header)."""
IN_ADDRESS: Final = r"\b[a-z][a-z0-9+.-]{1,15}://[^\s:/@\"'<>]{1,64}:([^\s:/@\"'<>]{3,64})@[A-Za-z0-9.-]"
"""A password in an address (RFC 3986, 3.2.1)."""

MIN_BITS: Final = 3.2
"""Entropy of a character of an assigned value: words and repetitions have less, random base64 of 20 about 4."""
MIN_CHANGES: Final = 6
"""A bare value goes from letters to digits or back, or from small to capital without a word behind, once in so many
characters: at random 20 letters and digits do so 8 times, names of classes and variables hardly."""
_CHANGE = re.compile(r"(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]|(?<=[a-z])[A-Z](?![a-z]{2})")
_PLACEHOLDER = re.compile(
    r"(?i)example|change.?me|your|placeholder|dummy|sample|redacted|insert|replace|x{4}|\*{3}|\.{3}|^\$|^%|^<|^\{|"
    r"test|foo|abc|1234|secret|passw|token|[_-]key"
)
_IN_ADDRESS_PLACEHOLDER = re.compile(
    r"(?i)^(?:pass(?:word|wd)?|pwd?|secret|token|\$.*|<.*|\{.*|%.*|x+|\*+|\.+|test|123|guest|postgres|root|admin|user)$"
)


def is_random(value: str) -> bool:
    """Whether an assigned value looks made at random: letters and digits, much entropy, no word of a placeholder."""
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)) or _PLACEHOLDER.search(value):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits >= MIN_BITS


def is_assigned(value: str, before: str) -> bool:
    """Whether what ASSIGNED matched looks made at random; a bare value must look less like a name in code, too."""
    return is_random(value) and (before[-1:] in ("'", '"') or len(_CHANGE.findall(value)) >= len(value) / MIN_CHANGES)


def is_password(value: str) -> bool:
    """Whether what stands where an address has its password is one, and no name for it."""
    return not _IN_ADDRESS_PLACEHOLDER.match(value)
