"""Texts made to provoke the privacy stage: time grows as they do, whatever is half a match, a match, or none."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from pipeline.stages.privacy.find import KINDS
from pipeline.stages.privacy.stage import Privacy

EVERY = Privacy(kinds=KINDS, regions=("US", "DE"))
SIZE, TIMES = 12_000, 4
MAX_GROWTH = 2.5 * TIMES
"""Of CPU seconds; what is quadratic takes TIMES squared."""
MIN_CPU_S = 0.02  # below it a clock says little

LOOKS = "@ (at) 1234567 1.2.3.4 a:b:c:d: AB1 abcdefghijklmnop "
"""What makes the stage look for every kind, whatever stands behind it."""

SHAPES = {
    "emails": "a@b.cc-",
    "emails in a row": "anna@uni-jena.de ",
    "signs": "@",
    "local part": "a.",
    "domain": "@a.",
    "labels": "a@a.a.a.a.a.a.",
    "Latin letters": "ö",
    "Latin domains": "ö@ü.é.",
    "digits": "7",
    "digits apart": "7 ",
    "digits with signs": "7-3.2/",
    "cards": "4539 1488 0343 6467 ",
    "half cards": "4539-1488-",
    "addresses of the internet": "5.9.12.77 ",
    "points": "1.",
    "colons": "2a01:",
    "phones": "+49 30 2273 2000 ",
    "phones of no region": "212-736-5000 ",
    "half phones": "+49 (",
    "ibans": "DE89370400440532013000 ",
    "half ibans": "DE89 3704 ",
    "capitals and digits": "AB12",
    "numbers of states": "SSN 536-90-4399 PESEL 44051401359 ",
    "born": "010100A002H",
    "words of numbers": "steuerssnpersonnummer",
    "half keys": "-----BEGIN PRIVATE KEY-----\n",
    "a key that goes on": "MIIEvQIBADANBgkqhkiG9w0BAQ\n",
    "half tokens": "eyJa",
    "tokens": "eyJhbGciOi.",
    "prefixes": "ghp_sk-ant-xoxb-",
    "passwords in addresses": "http://a:b7q@",
    "half addresses": "://a:",
    "assignments": "password='",
    "bare assignments": "token=k7Gq2ZpX9vLm4RtB8wYc",
    "names of secrets": "secret_key_token_",
    "values of secrets": "api_key = 'k7Gq2ZpX9vLm4RtB8wYc'\n",
    "hidden emails": "a(at)b.",
    "hidden points": "a[at]b[dot]",
    "groups of names": "{a,b,",
    "signs written out": "a%40b&#64;",
    "pieces of keys": 'ghp_a" + "',
    "half pieces": "sk-\\\n",
    "quoted keys": "> -----BEGIN PRIVATE KEY-----\n> ",
    "keys in strings": '"MIIEvQIBADANBgkqhkiG9w0BAQ\\n" + ',
    "numbers behind a word": "tel 030 ",
    "words of phones": "phone no no ",
    "headers": "authorization: basic YWRtaW46aFU3eGsyUQ== ",
    "options": " --password k7Gq2ZpX9vLm4RtB8wYc",
    "streets": "48 North Wall Street ",
    "half streets": "48 North Wall ",
    "German streets": "Musterstraße ",
}


def spent(text: str) -> float:
    before = time.process_time()
    EVERY.spans(pa.array([LOOKS + text], pa.large_string()))
    return time.process_time() - before


@pytest.mark.parametrize("name", SHAPES)
def test_time_grows_with_the_text(name: str) -> None:
    unit = SHAPES[name]
    spent(unit * 100)  # patterns and plans of numbers are in memory
    short, long = (unit * (size // len(unit.encode())) for size in (SIZE, TIMES * SIZE))
    assert min(spent(long) for _ in range(2)) <= MAX_GROWTH * max(MIN_CPU_S, *(spent(short) for _ in range(2)))
