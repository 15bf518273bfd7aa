"""Formats of keys and tokens, each with where it is documented, whole or in pieces that code puts together.

All patterns are RE2's, so linear in the text.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

import re2

_BETWEEN_LINES: Final = r"(?:\\[nr]|[\s>\"'+\\,*#|/])*"

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
    "openai": (
        r"\bsk-(?:(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}|proj-[A-Za-z0-9_-]{40,})"
    ),
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
    # core.telegram.org/bots/api: a bot's number and its key; discord.com/developers/docs/resources/webhook
    "telegram": r"(?:\b|\bbot)\d{8,10}:AA[A-Za-z0-9_-]{33}\b",
    "discord_webhook": r"\bdiscord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,}",
    # learn.microsoft.com/rest/api/storageservices/create-service-sas: the signature of an address that anyone may use
    "azure_sas": r"[?&]sig=[A-Za-z0-9%/+]{43,60}(?:%3D|=)",
    # github.com/FiloSottile/age: Bech32 in capitals
    "age": r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b",
    # RFC 7519, 3: three parts in base64url, the first two JSON objects, so both begin with eyJ
    "jwt": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
    # RFC 7468, 10 and 11, OpenSSH's own, RFC 9580, 6.2: a block from its first line to its last, or as far as it goes
    # Its lines may be quoted, indented, comments, or strings that are put together
    "private_key": (
        r"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s+[A-Za-z-]+: [^\n]+)*"
        rf"(?:{_BETWEEN_LINES}[A-Za-z0-9+/=]{{16,76}})+"
        rf"(?:{_BETWEEN_LINES}[A-Za-z0-9+/=]{{0,76}}{_BETWEEN_LINES}(?:=[A-Za-z0-9+/]{{4}}\s*)?"
        r"-----END [A-Z ]{0,24}KEY(?: BLOCK)?-----)?"
    ),
    # the same block as a whole in base64, as Kubernetes writes it: -----BEGIN (RSA|EC|OPENSSH|ENCRYPTED|) PRIVATE KEY
    "encoded_private_key": (
        r"\bLS0tLS1CRUdJTi(?:BSU0EgUFJJVkFURSBLRVkt|BFQyBQUklWQVRFIEtFWS0|BPUEVOU1NIIFBSSVZBVEUgS0VZ|"
        r"BFTkNSWVBURUQgUFJJVkFURSBLRVkt|BQUklWQVRFIEtFWS0)[A-Za-z0-9+/]{32,}={0,2}"
    ),
    # PuTTY's user manual, C: lines of base64 behind their number
    "putty": r"\bPrivate-Lines: \d{1,3}(?:\s+[A-Za-z0-9+/=]{16,64})+",
}

FORMAT: Final = "|".join(f"(?:{pattern})" for pattern in FORMATS.values())

_JOINED: Final = r"(?:\\\r?\n[ \t]*|[\"'][ \t]*[+.]?[ \t]*(?:\\?\r?\n)?[ \t]*[+.]?[ \t]*[\"'])"
"""Between the pieces of a string: a line that goes on, or quotes with a plus, a point or nothing between them."""
IN_PIECES: Final = (
    r"\b(?:gh[pousr]_|github_pat_|gl[a-z]{2,4}-|xox[abeoprs]-|AIza|[sr]k_(?:live|test)_|sk-|npm_|pypi-|hf_|AKIA|ASIA)"
    rf"[A-Za-z0-9_-]*(?:{_JOINED}[A-Za-z0-9_-]+){{1,6}}"
)
_JOIN = re.compile(_JOINED)


@functools.cache
def _format() -> Any:
    return re2.compile(f"^(?:{FORMAT})")


def is_format(found: str, before: str) -> bool:
    """Whether it is more than the example of a documentation, and pieces are a key of a format once put together."""
    return not found.endswith("EXAMPLE") and _format().search(_JOIN.sub("", found)) is not None
