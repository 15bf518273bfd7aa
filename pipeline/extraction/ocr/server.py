"""A page read by a server that speaks OpenAI's chat completions: the picture in, text out, tokens counted.

The request is that of https://platform.openai.com/docs/api-reference/chat with the picture as a data URL, which vLLM
and others answer alike. Nothing of the answer but text, finish reason and usage is believed.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.trouble import EnvironmentTrouble

PROMPT = (
    "Transcribe this page as plain text in natural reading order, in Markdown. Formulas as LaTeX, tables as Markdown. "
    "Leave out running heads, feet and page numbers. Write nothing that is not on the page. "
    "If the page has no text, answer with nothing."
)
MAX_ANSWER_BYTES = 4 << 20
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
MAX_TOKENS = 1 << 31  # that an answer may claim
# olmOCR begins with what it says of the page: `primary_language: en` and the like, between lines of hyphens.
_FRONT = re.compile(r"---\n(?:[a-z_]{1,30}:[^\n]{0,99}\n){1,9}---(?:\n|$)")
_FENCED = re.compile(r"```(?:markdown|md)\n(.*)\n```", re.DOTALL)
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_REFUSES_THE_PAGE = frozenset({400, 413, 422})
_MEANT_TO_PASS = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Call:
    """Where and how to ask. `sleep` is the clock of the pauses between tries."""

    url: str
    model: str
    prompt: str
    max_tokens: int
    timeout_s: float
    retries: int
    key: str = ""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of a page, or the `reason` why it has none; `tokens` read and written, over all tries that answered."""

    text: str = ""
    reason: str = ""
    tokens: tuple[int, int] = (0, 0)


def read_page(call: Call, png: bytes) -> Answer:
    """Ask for the text of one page. An answer that is cut off, or none, is the page's fault and has a reason.

    Raises EnvironmentTrouble where the server cannot be reached, is busy or fails for `retries` + 1 times, or lets
    nobody in (401, 403, 404).
    """
    body = json.dumps(_question(call, png)).encode()
    said, tokens = "", (0, 0)
    for attempt in range(call.retries + 1):
        if attempt:
            call.sleep(min(FIRST_PAUSE_S * 2 ** (attempt - 1), LONGEST_PAUSE_S))
        try:
            found = _object(_sent(call, body))
            tokens = (tokens[0] + _count(found, "prompt_tokens"), tokens[1] + _count(found, "completion_tokens"))
            return _answer(found, tokens)
        except urllib.error.HTTPError as error:
            said = f"HTTP {error.code}"
            if error.code in _REFUSES_THE_PAGE:
                return Answer(reason="ocr_server_refused", tokens=tokens)
            if error.code not in _MEANT_TO_PASS:
                raise EnvironmentTrouble(f"{call.url}: {said} {error.reason}; is the model's name right?") from error
        except (OSError, http.client.HTTPException) as error:  # also time-outs, and what breaks off
            said = str(error) or type(error).__name__
        except ValueError as error:
            said = f"an answer that is none: {error}"
    raise EnvironmentTrouble(f"{call.url}: {said}, {call.retries + 1} times")


def _question(call: Call, png: bytes) -> dict[str, Any]:
    picture = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    content = [{"type": "text", "text": call.prompt}, {"type": "image_url", "image_url": {"url": picture}}]
    return {
        "model": call.model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": call.max_tokens,
        "temperature": 0.0,
        "seed": 0,
    }


def _sent(call: Call, body: bytes) -> bytes:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {call.key}"} if call.key else {})
    request = urllib.request.Request(f"{call.url.rstrip('/')}/chat/completions", body, headers, method="POST")
    raw, start = bytearray(), time.monotonic()
    with urllib.request.urlopen(request, timeout=call.timeout_s) as response:  # of each wait, not of all
        while piece := response.read1(1 << 16):
            raw += piece
            if len(raw) > MAX_ANSWER_BYTES:
                raise ValueError(f"more than {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() - start > call.timeout_s:
                raise TimeoutError(f"no whole answer within {call.timeout_s} s")
    return bytes(raw)


def _object(raw: bytes) -> dict[str, Any]:
    """Raises ValueError where the bytes are no JSON object."""
    try:
        found = json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _count(found: Mapping[str, Any], name: str) -> int:
    """A number of tokens as the server's `usage` has it, 0 where it has none that could be right."""
    usage = found.get("usage")
    value = usage.get(name) if isinstance(usage, dict) else None
    return min(max(value, 0), MAX_TOKENS) if isinstance(value, int) else 0


def _answer(found: Mapping[str, Any], tokens: tuple[int, int]) -> Answer:
    """Raises ValueError where the object is no chat completion."""
    try:
        choice = found["choices"][0]
        text, finish = choice["message"]["content"] or "", choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no choice with a message: {error!r}") from error
    if not isinstance(text, str):
        raise ValueError("its content is no text")
    if finish == "length":
        return Answer(reason="ocr_server_cut", tokens=tokens)
    return Answer(text=_transcript(text), tokens=tokens)


def _transcript(text: str) -> str:
    """The text of a page alone: no fence around it, nothing that olmOCR says of it, no control characters."""
    text = _NO_TEXT.sub("", text.replace("\r\n", "\n")).strip()
    fenced = _FENCED.fullmatch(text)
    text = fenced[1] if fenced is not None else text
    front = _FRONT.match(text)
    return text[front.end() :].strip() if front is not None else text.strip()
