"""What is personal data or a secret, what only looks like it, and what replacing leaves."""

from __future__ import annotations

import datetime
import random
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.planted_numbers import national
from pipeline.rules import Judge, RuleSet
from pipeline.stages.privacy.checks import NATIONAL, national_check
from pipeline.stages.privacy.find import KINDS
from pipeline.stages.privacy.stage import Privacy, PrivacyMark
from pipeline.steps import check_steps
from pipeline.trouble import ConfigError

EVERY = Privacy(kinds=KINDS, regions=("US", "DE"))
KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQ\n" * 4 + "-----END PRIVATE KEY-----"

GPG = (
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n"
    + "lQOYBF7zLLkBCADGHw2pqzNb/4xE\n" * 4
    + "=a7Xk\n-----END PGP PRIVATE KEY BLOCK-----"
)


def batch_of(*texts: str) -> pa.RecordBatch:
    ids = pa.array([f"{row:032x}" for row in range(len(texts))])
    return pa.RecordBatch.from_arrays([ids, pa.array(texts, pa.large_string())], names=["doc_id", "text"])


def replaced(text: str, stage: Privacy = EVERY) -> str:
    return stage(batch_of(text))["text"][0].as_py()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Write to anna.berg+x@uni-jena.de, please", "Write to [EMAIL], please"),
        ("mailto:anna@firma.co.uk?subject=x", "mailto:[EMAIL]?subject=x"),
        ("Привет: 你好anna@gmail.com。", "Привет: 你好[EMAIL]。"),
        ("from 5.9.12.77 port 22", "from [IP] port 22"),
        ("http://5.9.12.77/x", "http://[IP]/x"),
        ("the server 1.1.1.1 answers", "the server [IP] answers"),
        ("host 2a01:4f8:c17:b0f::2 up", "host [IP] up"),
        ("call (212) 736-5000 now", "call [PHONE] now"),
        ("call 212-736-5000.", "call [PHONE]."),
        ("201-938-5500 201-938-5500 201-938-5500", "[PHONE] [PHONE] [PHONE]"),
        ("+49 30 2273 2000", "[PHONE]"),
        ("Tel. 030 22732000", "Tel. [PHONE]"),
        ("IBAN DE89 3704 0044 0532 0130 00, BIC", "IBAN [IBAN], BIC"),
        ("paid 4539 1488 0343 6467 today", "paid [CARD] today"),
        ("credit card 4539148803436467", "credit card [CARD]"),
        ("his SSN is 536-90-4399", "his SSN is [NATIONAL_ID]"),
        ("CPF 390.533.447-05", "CPF [NATIONAL_ID]"),
        ("codice RCCMNL83S18D969H", "codice [NATIONAL_ID]"),
        ("lives at 48 North Wall Street, Apt 2", "lives at [ADDRESS], Apt 2"),
        ("wohnt Musterstraße 12a in Ulm", "wohnt [ADDRESS] in Ulm"),
        ("id AKIAQYLPMN5HFIQR7XYA end", "id [SECRET] end"),
        (f"token ghp_{'aB3dE6gH9' * 4}", "token [SECRET]"),
        ('api_key = "k7Gq2ZpX9vLm4RtB8wYc"', 'api_key = "[SECRET]"'),
        ("postgres://app:hU7xk2Q@db:5432/x", "postgres://app:[SECRET]@db:5432/x"),
        (f"key:\n{KEY}\nend", "key:\n[SECRET]\nend"),
        ("export API_KEY=k7Gq2ZpX9vLm4RtB8wYc\n", "export API_KEY=[SECRET]\n"),
        ("api-key: k7Gq2ZpX9vLm4RtB8wYc", "api-key: [SECRET]"),
        ("aws_secret_access_key = k7Gq2ZpX9v/Lm4RtB8wYc+k7Gq2ZpX9vLm4RtB8\n", "aws_secret_access_key = [SECRET]\n"),
        ("x?access_token=k7Gq2ZpX9vLm4RtB8wYc&n=1", "x?access_token=[SECRET]&n=1"),
        ("curl -H 'Authorization: Bearer k7Gq2ZpX9vLm4RtB8wYc'", "curl -H 'Authorization: Bearer [SECRET]'"),
        ('pwd: "n3Xq!9zKw7#Pf2mLr8"', 'pwd: "[SECRET]"'),
        (f"AccountKey={'k7Gq2ZpX9v' * 8}k7Gq2Z==;", "AccountKey=[SECRET];"),
        (f"https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/{'k7Gq2ZpX' * 3}", "https://[SECRET]"),
        (f"{GPG}\nend", "[SECRET]\nend"),
        ("ana@mail.gov.md, luis@correo.py", "[EMAIL], [EMAIL]"),
        ("jörg.müßig@gmx.de, anna@bücher.ch, łukasz@firma.pl", "[EMAIL], [EMAIL], [EMAIL]"),
        ("hetu 010100A002H", "hetu [NATIONAL_ID]"),
        (
            "user_ssn 536-90-4399, userSsn 536-90-4399, 他的SSN 536-90-4399",
            ", ".join(f"{name} [NATIONAL_ID]" for name in ("user_ssn", "userSsn", "他的SSN")),
        ),
        ("Einkommensteuer-ID 36574261809", "Einkommensteuer-ID [NATIONAL_ID]"),
        ("anna.berg (at) uni-jena.de, anna[at]firma[dot]com", "[EMAIL], [EMAIL]"),
        ("anna(a)firma.de, anna {ät} firma (punkt) de", "[EMAIL], [EMAIL]"),
        ("anna&#64;firma.de anna&#x40;firma.de anna&commat;firma.de", "[EMAIL] [EMAIL] [EMAIL]"),
        ("mailto:anna%40firma.de", "mailto:[EMAIL]"),
        ('"anna\\u0040firma.de"', '"[EMAIL]"'),
        ("anna＠firma.de anna\u200b@firma.de", "[EMAIL] [EMAIL]"),
        ("иван@почта.рф, taro@日本.jp", "[EMAIL], [EMAIL]"),
        ("{anna,bert}@uni-jena.de", "[EMAIL]"),
        ("Tel.: 030/227 32000", "Tel.: [PHONE]"),
        ("Telefon 0049 30 22732000", "Telefon [PHONE]"),
        ("phone=2125551234&x", "phone=[PHONE]&x"),
        ("https://wa.me/4915123456789", "https://wa.me/[PHONE]"),
        ("paid 4539\u00a01488\u00a00343\u00a06467 or 4539.1488.0343.6467", "paid [CARD] or [CARD]"),
        ('{"card_number":"4539148803436467"}', '{"card_number":"[CARD]"}'),
        ("Kreditkarte: 4539148803436467", "Kreditkarte: [CARD]"),
        ("card 6212345678901232, card no 6759649826438453", "card [CARD], card no [CARD]"),
        ("DE89-3704-0044-0532-0130-00 DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "[IBAN] [IBAN]"),
        ("redis://:hU7xk2Q@cache:6379/0", "redis://:[SECRET]@cache:6379/0"),
        ("Authorization: Basic YWRtaW46aFU3eGsyUQ==", "Authorization: Basic [SECRET]"),
        ('{"auths":{"r.io":{"auth":"YWRtaW46aFU3eGsyUQ=="}}}', '{"auths":{"r.io":{"auth":"[SECRET]"}}}'),
        ("os.environ['API_KEY'] = 'k7Gq2ZpX9vLm4RtB8wYc'", "os.environ['API_KEY'] = '[SECRET]'"),
        (r'"api_key = \"k7Gq2ZpX9vLm4RtB8wYc\"\n"', r'"api_key = \"[SECRET]\"\n"'),
        ('apiKey := "k7Gq2ZpX9vLm4RtB8wYc"', 'apiKey := "[SECRET]"'),
        ("define('DB_PASSWORD', 'k7Gq2ZpX9vLm4RtB8wYc');", "define('DB_PASSWORD', '[SECRET]');"),
        ("<password>k7Gq2ZpX9vLm4RtB8wYc</password>", "<password>[SECRET]</password>"),
        ('<add key="ApiKey" value="k7Gq2ZpX9vLm4RtB8wYc"/>', '<add key="ApiKey" value="[SECRET]"/>'),
        ("ENV API_TOKEN k7Gq2ZpX9vLm4RtB8wYc\n", "ENV API_TOKEN [SECRET]\n"),
        ("tool --api-key k7Gq2ZpX9vLm4RtB8wYc", "tool --api-key [SECRET]"),
        ("machine a.net login bob password k7Gq2ZpX9vLm4RtB8wYc", "machine a.net login bob password [SECRET]"),
        ("SECRET_KEY_BASE=9f06037f5e6661e3944e210b72f0aaab4212a626d7\n", "SECRET_KEY_BASE=[SECRET]\n"),
        ("SECRET_KEY = 'django-insecure-k7(q2zpx9v)lm4rtb8wyc'", "SECRET_KEY = '[SECRET]'"),
        (f"bot123456789:AA{'aB3dE6gH9kL' * 3}/send", "[SECRET]/send"),
        (f"https://discord.com/api/webhooks/966020667132251955/{'aB3dE6gH' * 8}", "https://[SECRET]"),
        (f"?sv=2020-08-04&sig={'k7Gq2ZpX' * 5}Lm4%3D", "?sv=2020-08-04[SECRET]"),
        (f"AGE-SECRET-KEY-1{'QPZRY9X8' * 7}QP", "[SECRET]"),
        (f"client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt{'k7Gq2ZpX' * 9}==", "client-key-data: [SECRET]"),
        (f'TOKEN = ("ghp_{"aB3dE6gH9" * 2}"\n  "{"aB3dE6gH9" * 2}")', 'TOKEN = ("[SECRET]")'),
        (f'"ghp_{"aB3dE6gH9" * 2}" + "{"aB3dE6gH9" * 2}"', '"[SECRET]"'),
        (f'"ghp_{"aB3dE6gH9" * 2}\\\n{"aB3dE6gH9" * 2}"', '"[SECRET]"'),
        ("\n".join(f"> {line}" for line in KEY.split("\n")), "> [SECRET]"),
        ("k = " + " \\\n".join(f'"{line}\\n"' for line in KEY.split("\n")), 'k = "[SECRET]\\n"'),
    ],
)
def test_what_is_replaced(text: str, wanted: str) -> None:
    assert replaced(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "version 10.22.33.44 is out",
        "pip install foo==10.22.33.44 'bar>=10.22.33.44' baz-10.22.33.44 nvidia-cu12-10.22.33.44",
        '{"version": "10.22.33.44"} <version>10.22.33.44</version> FileVersion("10.22.33.44")',
        "firmware 25.30.14.80, figure 25.30.14.80, upgraded from 25.30.14.80",
        "Chrome/91.0.128.24 Safari",
        "see 4.1.2.3 of the norm",
        "OID 1.3.6.1.4.1.9.1.21",
        "192.168.0.12, 10.0.0.7, 127.0.0.1, 300.1.1.1",
        "you@example.com and root@localhost and git@github.com:a/b.git",
        "img/logo@2x.png @decorator foo@bar a@b.notatld",
        "https://user@github.com/x",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "uuid 123e4567-e89b-12d3-a456-426614174000",
        'password = "your-password-here-1"',
        'token = "a1a1a1a1a1a1a1a1a1a1a1a1"',
        "amqp://guest:guest@localhost:5672",
        "token = tokenizer_v2_of_the_base16_model",
        "private_key = Ed25519PrivateKeyOfTheServer",
        "secret: kubernetes-ingress-tls-v2-eu1",
        "token=self.backend2.list_all_of_them(x)",
        "passwords:\n/etc/sudoers-d/90-archie-commands",
        "at midnight 12345678Z came",
        "order 4539148803436467 shipped",
        "IMEI 352099001761481, SKU-4539148803436467, doi 10.1234/4539148803436467",
        "https://facebook.com/watch?v=4539148803436467",
        "phone 2024-05-12 10 calls, Tel. 1.2.3.4.5.6.7",
        "np.allclose(x.dot(a)-x.dot(b)) see f(a).info and (at) home. com",
        "https://medium.com/%40anna/a-story",
        "AKIAIOSFODNN7EXAMPLE",
        "Authorization: Basic realm and Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "## 23.101.30.77 (2021-03-04)",
        'key = "sk-learn" + "estimator"',
        "paid 4539 1488 0343 6468 today",
        "IBAN DE88 3704 0044 0532 0130 00",
        "part 536-90-4399 fits",
        "pi is 3.141 592 6535 and 2.718 281 8284",
        "on 2024-05-12 at 12:34:56, ISBN 978-3-16-148410-0",
        "std::vector<a::b::c>, fe80::1, ::1, 10:20:30:40",
        "In 1907 Alfred Stieglitz saw the 2010 United States Census",
        "",
    ],
)
def test_what_stays(text: str) -> None:
    assert replaced(text) == text


def test_spans_say_what_stood_where_and_no_value_is_kept() -> None:
    text = "Ü: anna@uni-jena.de, 5.9.12.77, AKIAQYLPMN5HFIQR7XYA"
    after = EVERY(batch_of(text))
    assert (after["privacy_count"][0].as_py(), after["privacy_secret_count"][0].as_py()) == (3, 1)
    found = {
        one["kind"]: text.encode()[one["start"] : one["stop"]].decode() for one in after["privacy_spans"][0].as_py()
    }
    assert found == {"email": "anna@uni-jena.de", "ip": "5.9.12.77", "secret": "AKIAQYLPMN5HFIQR7XYA"}
    assert not any(value in str(after.to_pylist()) for value in found.values())


@pytest.mark.parametrize(
    ("name", "number"), [("dk.cpr", "211052-5629"), ("be.nn", "85.07.30-033.28"), ("se.personnummer", "880320-0016")]
)
def test_what_is_a_national_number_does_not_change_with_the_day(
    name: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_number = national_check((name,))

    class Day(datetime.date):
        @classmethod
        def today(cls) -> Day:
            return cls(1930, 1, 1)

    assert is_number(number, "CPR personnummer ")
    with monkeypatch.context() as patch:
        patch.setattr(f"stdnum.{name}.datetime", SimpleNamespace(date=Day))
        assert is_number(number, "CPR personnummer ")


@pytest.mark.parametrize(
    "text",
    [
        '["/api/auth/v2/refreshToken","/api/v2/checkout/createSession"]',
        '<path d="m12.5-.7862.5013 0 .9553.1556 1.3617.467.4065.3116.7256.7067.9574 1.1853"/>',
        "110199198001010016",  # of a Chinese province, but of none of its counties
        "order 654890196710118573 of today",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert replaced(text) == text


@pytest.mark.parametrize("name", NATIONAL)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_a_number_of_each_state_is_found_alone(name: str, seed: int) -> None:
    word, value = national(name, random.Random(seed))
    assert replaced(f"{word}{value}") == f"{word}[NATIONAL_ID]"
    assert replaced(f"{word}{value}", Privacy(kinds=("national_id",), national_ids=(name,))) == f"{word}[NATIONAL_ID]"


def test_a_kind_that_is_not_asked_for_stays() -> None:
    assert replaced("anna@uni-jena.de at 5.9.12.77", Privacy(kinds=("ip",))) == "anna@uni-jena.de at [IP]"


def test_a_rule_drops_by_what_is_marked() -> None:
    rules = RuleSet.model_validate(
        {"name": "privacy", "rules": [{"drop": "privacy:secret", "when": "privacy_left_secret_count > 0"}]}
    )
    marked = PrivacyMark()(batch_of("AKIAQYLPMN5HFIQR7XYA", "anna@uni-jena.de"))
    assert Judge().judge(rules, marked).to_pylist() == ["privacy:secret", None]
    assert marked["text"].to_pylist() == ["AKIAQYLPMN5HFIQR7XYA", "anna@uni-jena.de"]


def test_replacing_comes_before_measuring_and_unknown_ids_are_refused() -> None:
    check_steps((Privacy(), PrivacyMark()), "x.yaml", "web")
    with pytest.raises(ConfigError, match="rewrites text after"):
        check_steps((PrivacyMark(), Privacy()), "x.yaml", "web")
    with pytest.raises(ValueError, match="national_ids"):
        Privacy(national_ids=("xx.none",))


PIECES = st.one_of(
    st.sampled_from(
        [
            "anna@uni-jena.de",
            "5.9.12.77",
            "212-736-5000",
            "4539 1488 0343 6467",
            "AKIAQYLPMN5HFIQR7XYA",
            "password='",
            "://a:",
        ]
    ),
    st.sampled_from([" ", "@", ".", ":", "-", "+", "(", "\n", "Straße", "1", "aB3", "https://", "eyJ", "-----BEGIN "]),
    st.text(max_size=4),
)


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_outside_the_spans_nothing_changes(text: str) -> None:
    after = EVERY(batch_of(text))
    left, at, data = [], 0, text.encode()
    for one in after["privacy_spans"][0].as_py() or []:
        left += [data[at : one["start"]], f"[{one['kind'].upper()}]".encode()]
        assert at <= one["start"] < one["stop"] <= len(data)
        at = one["stop"]
    assert after["text"][0].as_py() == b"".join([*left, data[at:]]).decode()
