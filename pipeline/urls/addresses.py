"""Addresses of pages: their host, the domain that is registered, and one spelling for the pages that are one.

The canonical form is that of RFC 3986, sections 6.2.2 and 6.2.3, in the bytes of the WHATWG URL standard: scheme and
host in lower case, the host as DNS has it (IDNA), no user, no default port, no dot segments, no fragment, of
percent-encoding only what is needed, in capitals. Beyond it parameters that only say how a visitor came are taken out,
the others sorted by name (equal names keep their order). `http` and `https`, and a host with and without `www.`, stay
two.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import quote

TRACKING_PREFIXES: Final = (
    "utm_",  # Google Analytics, support.google.com/analytics/answer/1033863
    "mtm_",  # Matomo, matomo.org/faq/reports/what-is-campaign-tracking
    "pk_",  # Matomo, when it was Piwik
    "hsa_",  # HubSpot Ads, knowledge.hubspot.com/ads/ad-tracking-in-hubspot
)
TRACKING: Final = frozenset(
    # Google Ads, Display, Merchant Center and the cross-domain linker: support.google.com/google-ads/answer/9744275
    {"gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid", "_ga", "_gl"}
    | {"fbclid", "igshid", "igsh"}  # Meta: developers.facebook.com/docs/marketing-api/conversions-api/parameters
    | {"msclkid"}  # Microsoft Ads: help.ads.microsoft.com
    | {"twclid", "ttclid", "li_fat_id", "epik", "rdt_cid"}  # X, TikTok, LinkedIn, Pinterest, Reddit: click ids
    | {"yclid", "ysclid", "_openstat"}  # Yandex: yandex.com/support/metrica
    | {"mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "oly_anon_id", "oly_enc_id", "__s"}
    # ^ Mailchimp, Marketo, HubSpot, Vero, Omeda, Drip: Firefox's query stripping list has them, too
    | {"irclickid", "s_cid", "wickedid", "rb_clickid"}  # Impact, Adobe Analytics, Wicked Reports, Redbrain
    | {"phpsessid", "jsessionid"}  # a session, not a page: Heritrix strips them (StripSessionIDs)
)
"""Names of parameters, in lower case, that do not choose the page."""

DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_PLAIN: Final = re.compile(
    r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:/[A-Za-z0-9_~.,:+/-]*(?:\?([A-Za-z_]+)=[A-Za-z0-9_.-]*)?)?"
)
"""An address that is canonical as it stands but for an empty path, segments with a dot first, and its one parameter."""
_ADDRESS: Final = re.compile(
    r"(https?)://(?:[^/?#@\\]*@)?(\[[0-9a-f:.]+\]|[^/?#:@\[\]\\]+)(?::(\d*))?((?:[/\\][^?#]*)?)(?:\?([^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN_HOST: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_ESCAPED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE: Final = "%!$&'()*+,;=:@/?[]|"  # what may stand in a path or query; `%` is that of an escape
_CLEAN: Final = re.compile(r"[A-Za-z0-9_~!$&'()*+,;=:@/?\[\]|.-]*")
_SESSION_IN_PATH: Final = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_BLANK: Final = re.compile(r"[\t\n\r]")


class Address(NamedTuple):
    """A host as DNS names it, and the canonical address on it."""

    host: str
    canonical: str


def address_of(url: str) -> Address | None:
    """The address of a page; None where `url` is no http or https address with a host."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None and "/." not in url:
        host, parameter = plain.groups()
        if parameter is None or not _tracks(parameter.lower()):
            return Address(host, url if len(url) > plain.end(1) else url + "/")
    found = _ADDRESS.fullmatch(_BLANK.sub("", url.strip()))
    if found is None:
        return None
    scheme, name, port, path, query = found.groups()
    scheme, name = scheme.lower(), host_name(name)
    if not name:
        return None
    authority = name if port in (None, "", DEFAULT_PORTS[scheme]) else f"{name}:{port}"
    return Address(name, f"{scheme}://{authority}{_path(path)}{_query(query)}")


def host_name(host: str) -> str:
    """The host in lower-case ASCII without the dot of the root; what DNS does not allow is percent-encoded."""
    name = host.lower()
    if _PLAIN_HOST.fullmatch(name):
        return name
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            pass
    return quote(name, safe="-._~!$&'()*+,;=[]:%").lower().rstrip(".")


def _spelling(part: str) -> str:
    """`part` with unreserved characters as they are, everything that must not stand there escaped in capitals."""
    if _CLEAN.fullmatch(part):
        return part
    if "%" in part:
        part = _ESCAPED.sub(_unescaped, part).replace("%", "%25").replace("\x00", "%")
    return quote(part, safe=_SAFE)


def _unescaped(escape: re.Match[str]) -> str:
    """The unreserved character that an escape stands for, else the escape in capitals; NUL in place of its `%`."""
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else f"\x00{escape[1].upper()}"


def _path(path: str) -> str:
    """RFC 3986, 5.2.4, without a session; a backslash is a slash, as browsers read it (WHATWG URL, 4.4)."""
    path = _SESSION_IN_PATH.sub("", _spelling(path.replace("\x00", "%00").replace("\\", "/")))
    if "/." not in path:
        return path or "/"
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if segments[-1] in (".", "..") and kept else "")


def _query(query: str | None) -> str:
    """The parameters that choose the page, by name; nothing where none is left."""
    if not query:
        return ""
    named = [(pair.partition("=")[0], pair) for pair in _spelling(query.replace("\x00", "%00")).split("&") if pair]
    kept = [(name, pair) for name, pair in named if not _tracks(name.lower())]
    kept.sort(key=lambda item: item[0])
    return "?" + "&".join(pair for _, pair in kept) if kept else ""


def _tracks(name: str) -> bool:
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)
