"""Made values of personal data and secrets, valid by their rules, and what only looks like them. Nobody's."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import uuid

from stdnum import luhn

from benchmarks.planted_numbers import WORDS, national

LETTERS = string.ascii_letters + string.digits
NAMES = ("anna.berg", "j_smith", "mara+news", "li.wei", "o-neill", "t.okafor92")
DOMAINS = ("gmail.com", "uni-jena.de", "firma.co.uk", "mail.provider.net", "xn--bcher-kva.ch", "ufpe.edu.br")


def _of(choice: random.Random, letters: str, count: int) -> str:
    return "".join(choice.choice(letters) for _ in range(count))


def planted(kind: str, choice: random.Random) -> tuple[str, str, str]:
    """(what stands before, the value, what stands behind)."""
    return {
        "email": _email,
        "ip": _ip,
        "phone": _phone,
        "iban": _iban,
        "card": _card,
        "national_id": _national,
        "address": _address,
        "secret": _secret,
    }[kind](choice)


def _email(choice: random.Random) -> tuple[str, str, str]:
    value = f"{choice.choice(NAMES)}@{choice.choice(DOMAINS)}"
    return choice.choice(
        [("Write to ", value, "."), ("<", value, ">"), ("mailto:", value, "?subject=x"), ("", value, "\n")]
    )


def _ip(choice: random.Random) -> tuple[str, str, str]:
    if choice.random() < 0.2:
        value = "2a01:" + ":".join(f"{choice.randrange(1, 65536):x}" for _ in range(7))
        return "the host ", value, " answered"
    first = choice.choice([n for n in range(20, 224) if n not in (100, 127, 169, 172, 192, 198, 203)])
    value = ".".join(map(str, (first, *(choice.randrange(256) for _ in range(3)))))
    return choice.choice([("from ", value, " port 22"), ("http://", value, "/index"), ("", value, " - - [10/Oct]")])


def _phone(choice: random.Random) -> tuple[str, str, str]:
    area = choice.choice(["212", "415", "312", "206", "617"])
    rest = f"{choice.randrange(2, 9)}{_of(choice, '0123456789', 2)}", _of(choice, "0123456789", 4)
    forms = [
        f"({area}) {rest[0]}-{rest[1]}",
        f"{area}-{rest[0]}-{rest[1]}",
        f"+1 {area} {rest[0]} {rest[1]}",
        f"{area}.{rest[0]}.{rest[1]}",
    ]
    forms += [
        f"+49 30 {_of(choice, '123456789', 7)}",
        f"+44 20 7{_of(choice, '0123456789', 3)} {_of(choice, '0123456789', 4)}",
    ]
    return "Call ", choice.choice(forms), " today"


def _iban(choice: random.Random) -> tuple[str, str, str]:
    country, size = choice.choice([("DE", 18), ("AT", 16), ("CH", 17), ("DK", 14)])
    body = _of(choice, "0123456789", size)
    digits = int(body + "".join(str(ord(letter) - 55) for letter in country) + "00")
    value = f"{country}{98 - digits % 97:02}{body}"
    if choice.random() < 0.5:
        value = " ".join(value[at : at + 4] for at in range(0, len(value), 4))
    return "IBAN: ", value, ", bank"


def _card(choice: random.Random) -> tuple[str, str, str]:
    body = choice.choice(["4", "51", "55", "6011"])
    body += _of(choice, "0123456789", 15 - len(body))
    value = body + luhn.calc_check_digit(body)
    if choice.random() < 0.5:
        mark = choice.choice(" -")
        return "paid with ", mark.join(value[at : at + 4] for at in range(0, 16, 4)), " on Monday"
    return "card number ", value, " expires 12/29"


def _national(choice: random.Random) -> tuple[str, str, str]:
    word, value = national(choice.choice(sorted(WORDS)), choice)
    return word, value, "."


def _address(choice: random.Random) -> tuple[str, str, str]:
    name = choice.choice(["Maple", "Old Mill", "Washington", "Lake Shore"])
    street = f"{name} {choice.choice(['Street', 'Avenue', 'Road', 'Lane'])}"
    return "lives at ", f"{choice.randrange(1, 9999)} {street}", ", Springfield"


def _secret(choice: random.Random) -> tuple[str, str, str]:
    token = _of(choice, LETTERS, 36)
    forms = [
        ("key_id=", f"AKIA{_of(choice, string.ascii_uppercase + '234567', 16)}", "\n"),
        ("token: ", f"ghp_{token}", "\n"),
        ("Authorization: Bearer ", _jwt(choice), "\n"),
        ("", f"AIza{_of(choice, LETTERS, 35)}", ""),
        ("stripe ", f"sk_live_{_of(choice, LETTERS, 24)}", ";"),
        ('api_key = "', _of(choice, LETTERS, 32) + "7", '"\n'),
        ("export API_KEY=", _of(choice, LETTERS, 32) + "7", "\n"),
        ("client_secret: ", _of(choice, LETTERS + "_-", 38) + "7q", "\n"),
        ("aws_secret_access_key = ", _of(choice, LETTERS + "+/", 38) + "7q", "\n"),
        ("https://api.firma.de/v1?access_token=", _of(choice, LETTERS, 32) + "7", "&limit=5"),
        ("postgres://app:", _of(choice, LETTERS, 14), "@db.internal:5432/x"),
        ("", _pem(choice), ""),
    ]
    return choice.choice(forms)


def _jwt(choice: random.Random) -> str:
    parts = (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890","name":"A"}', choice.randbytes(32))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _pem(choice: random.Random) -> str:
    body = base64.encodebytes(choice.randbytes(300)).decode()
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----"


def traps(choice: random.Random) -> list[str]:
    """Sentences that hold nothing of anybody."""
    hashed = hashlib.sha256(choice.randbytes(8)).hexdigest()
    made = uuid.UUID(bytes=choice.randbytes(16))
    digits = _of(choice, "0123456789", 16)
    small = ".".join(str(choice.randrange(1, 9)) for _ in range(4))
    return [
        f"Version {choice.randrange(20, 90)}.{small[:5]}.{choice.randrange(256)} is out",
        f"Mozilla/5.0 Chrome/{choice.randrange(20, 99)}.0.{choice.randrange(200)}.{choice.randrange(99)} Safari/537.36",
        f"see section {small} below",
        f"OID 1.3.6.1.4.1.{choice.randrange(9999)}.1.2",
        f"sha256:{hashed} and md5 {hashed[:32]} and commit {hashed[:40]}",
        f'"integrity": "sha512-{base64.b64encode(choice.randbytes(64)).decode()}"',
        f"id {made} was seen",
        f"order {digits} shipped, tracking 1Z{digits[:10]}",
        f"on 2024-0{choice.randrange(1, 9)}-1{choice.randrange(9)} at 12:3{choice.randrange(9)}:4{choice.randrange(9)}",
        f"pi is 3.{digits}, e is 2.718 281 828 4590",
        f"ISBN 978-3-{digits[:5]}-{digits[5:8]}-1 and arXiv:2107.{digits[:5]}",
        "from 192.168.0.12 or 10.0.0.7 or 127.0.0.1 or 169.254.3.4",
        "write to you@example.com or postmaster@localhost or git@github.com:a/b.git",
        "img/logo@2x.png and @decorator and foo@bar",
        'password = "your-password-here-123" and api_key = "xxxxxxxxxxxxxxxxxxxx1"',
        "redis://user:password@localhost:6379 and amqp://guest:guest@localhost",
        'token = "' + "a1" * 12 + '"',
        f"population 1 {digits[:3]} {digits[3:6]} and 2{digits[:2]} {digits[3:6]} km",
        "the scores were 110-210-3300 and 12-3456-789 respectively",
        "std::vector<a::b::c> and fe80::1 and ::1 at 10:20:30:40",
        "In 1907 Alfred Stieglitz and 50 United States Census figures",
        f"DE{digits[:2]} is no IBAN, nor is GB{digits}",
        f"card ratio {digits[:4]}-{digits[4:8]}",
        "a key = value, secret = hidden, token=abc",
        "token = tokenizer_v2_of_the_base16_model, api_key=os.environ['SERVICE_KEY_2']",
        "private_key = Ed25519PrivateKeyOfTheServer, secret: kubernetes-ingress-tls-v2-eu1",
    ]
