"""The engines that read pictures of pages, as a config names them: what is embedded, Tesseract, or a server.

One interface: `read(picture)` gives the lines of a page with their places and confidences, or its text as a whole.
"""

from __future__ import annotations

import base64
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.extraction.child import ChildCrashed, child_of
from pipeline.extraction.ocr import server, tesseract_data
from pipeline.settings.complaints import shaped
from pipeline.trouble import ConfigError, EnvironmentTrouble

CHILD = "pipeline.extraction.ocr.child"
CRASH = "resource:ocr_crash"

VERTICAL = 3  # quarters clockwise that make lines which run down, from right to left, run level
LANGUAGES = r"(script/)?[A-Za-z_]{2,20}(\+(script/)?[A-Za-z_]{2,20}){0,9}"

LineOfPage = tuple[float, float, float, float, float, str, int]
"""x0, y0, x1, y1, size of the type, all in points; text; confidence in 1e-4."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page drawn: `content` is a byte a pixel, rows from the top; `dpi` the resolution it was drawn at."""

    content: bytes
    width: int
    height: int
    dpi: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What an engine read: `lines`, in the upright page whose size in points is `box`, or else `text`.

    confidence: of the page, in 1e-4, the mean over characters; None where the engine gives none. turn: quarter turns
    clockwise by which the page stood wrong; skew: by how many hundredths of a degree its lines ran askew. tokens:
    read and written by a server. is_vertical: the page was turned as lines that run down are read, by what reads such.
    """

    lines: Sequence[LineOfPage] = ()
    text: str | None = None
    box: tuple[float, float] = (0.0, 0.0)
    confidence: int | None = None
    turn: int = 0
    skew: int = 0
    is_blank: bool = False
    reason: str = ""
    tokens: tuple[int, int] = (0, 0)
    is_vertical: bool = False


class Engine(BaseModel, ABC):
    """What all engines have. `fingerprint` is asked before the first `read` of a document, and before a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    places: ClassVar[frozenset[str]] = frozenset()  # fields that say where something lies: `fingerprint` says what
    kind: str
    dpi: int

    @abstractmethod
    def read(self, picture: Picture) -> Reading:
        """Raises EnvironmentTrouble where the engine cannot be reached or started."""

    def fingerprint(self) -> str:
        """The settings that decide what is read, and what else does that is no distribution of Python's.

        Raises ConfigError where something is missing that can be known before any work.
        """
        return self.model_dump_json(exclude=set(self.places))


class RapidOcr(Engine):
    """PP-OCR models inside the wheel of rapidocr, by onnxruntime, on one thread of the CPU; no other language data."""

    kind: Literal["rapidocr"] = "rapidocr"
    dpi: int = Field(default=200, ge=50, le=600)
    """Resolution at which a page is drawn."""
    detect_side: int = Field(default=960, ge=320, le=4_000)
    """Pixels of the longer side at which lines are looked for; fewer trade accuracy for time."""
    squeeze: float = Field(default=0.85, gt=0.5, le=1.0)
    """Share of their width at which lines are read; less trades accuracy for time."""

    def read(self, picture: Picture) -> Reading:
        """Lines by the child process; one that dies on the picture, twice, gives resource:ocr_crash."""
        return _by_child({"detect_side": self.detect_side, "squeeze": self.squeeze, "engine": self.kind}, picture)


class Tesseract(Engine):
    """Tesseract, where it is installed (https://tesseract-ocr.github.io), with data for its languages."""

    places: ClassVar[frozenset[str]] = frozenset({"command", "tessdata"})
    kind: Literal["tesseract"] = "tesseract"
    dpi: int = Field(default=200, ge=50, le=600)
    """Resolution at which a page is drawn."""
    command: str = "tesseract"
    """The program, by name or path."""
    languages: Annotated[str, shaped(LANGUAGES, "write names of Tesseract's data with + between, e.g. eng+deu")] = "eng"
    """What `-l` takes: names of data files with + between."""
    tessdata: str | None = None
    """Folder of the data files; none: TESSDATA_PREFIX or Tesseract's own default."""

    def read(self, picture: Picture) -> Reading:
        """As RapidOcr. Raises EnvironmentTrouble where the command stands still."""
        is_vertical = any(name.endswith(tesseract_data.VERTICAL) for name in self.languages.split("+"))
        question = {"engine": self.kind, "arguments": self.arguments(picture.dpi), "tessdata": self.tessdata}
        return _by_child({**question, "is_vertical": is_vertical}, picture)

    def arguments(self, dpi: float) -> list[str]:
        """The command: an image of `dpi` on its input, hOCR on its output; page segmentation is automatic (3).

        hOCR by its variable: the config file `hocr` is not in a folder that has the languages' data alone.
        """
        given = [self.command, "stdin", "stdout", "-l", self.languages, "--dpi", str(round(dpi)), "--psm", "3"]
        return [*given, "-c", "tessedit_create_hocr=1"]

    def fingerprint(self) -> str:
        """As Engine's, with the versions of Tesseract and Leptonica and the digests of the languages' data."""
        return f"{super().fingerprint()} {tesseract_data.fingerprint(self.command, self.languages, self.tessdata)}"


class Server(Engine):
    """A vision-language model behind an OpenAI-compatible endpoint, as vLLM serves olmOCR; pages leave this machine.

    What a page costs is counted in tokens; a document's page budget is `max_ocr_pages`.
    """

    kind: Literal["server"] = "server"
    url: Annotated[str, shaped(r"https?://\S+", "write an address such as http://gpu-1:8000/v1")]
    """Address of the server, up to and with `/v1`."""
    model: str
    """Name of the model, as the server knows it."""
    prompt: str = server.PROMPT
    """What the model is asked beside the picture."""
    dpi: int = Field(default=150, ge=50, le=600)
    """Resolution at which a page is drawn."""
    max_tokens: int = Field(default=4_096, ge=1)
    """Tokens that an answer may have."""
    timeout_s: float = Field(default=120.0, gt=0)
    """How long an answer is waited for."""
    retries: int = Field(default=4, ge=0, le=20)
    """How often a busy or silent server is asked again."""
    key_variable: str | None = None
    """Name of the environment variable that holds the server's key; none: no key is sent."""

    def read(self, picture: Picture) -> Reading:
        """The model's text; a blank page is not sent. Raises EnvironmentTrouble where the server stays away."""
        found = _asked({"engine": self.kind}, picture)
        if "png" not in found:
            return Reading(is_blank=found.get("is_blank", False), reason=found.get("reason", ""))
        key = os.environ[self.key_variable] if self.key_variable else ""
        call = server.Call(self.url, self.model, self.prompt, self.max_tokens, self.timeout_s, self.retries, key=key)
        answer = server.read_page(call, base64.b64decode(found["png"]))
        return Reading(
            text=answer.text, reason=answer.reason, tokens=answer.tokens, turn=found["turn"], skew=found["skew"]
        )

    def fingerprint(self) -> str:
        """As Engine's. Raises ConfigError where the variable that holds the key is not set."""
        if self.key_variable and not os.environ.get(self.key_variable):
            raise ConfigError(f"the environment variable {self.key_variable} is not set")
        return super().fingerprint()


AnyEngine = Annotated[RapidOcr | Tesseract | Server, Field(discriminator="kind")]


def _by_child(question: Mapping[str, Any], picture: Picture) -> Reading:
    found = _asked(question, picture)
    if "lines" not in found:
        return Reading(is_blank=found.get("is_blank", False), reason=found.get("reason", ""))
    lines = [tuple(line) for line in found["lines"]]
    weights = [len(line[5]) for line in lines]
    mean = sum(line[6] * weight for line, weight in zip(lines, weights, strict=True)) // max(sum(weights), 1)
    box = (float(found["box"][0]), float(found["box"][1]))
    is_vertical = found["turn"] == VERTICAL and question.get("is_vertical", True)
    confidence = mean if lines else None
    return Reading(lines, None, box, confidence, found["turn"], found["skew"], is_vertical=is_vertical)


def _asked(question: Mapping[str, Any], picture: Picture) -> dict[str, Any]:
    shape = {"width": picture.width, "height": picture.height, "dpi": picture.dpi}
    try:
        found = child_of(CHILD).ask({**question, **shape}, picture.content)
    except ChildCrashed:
        return {"reason": CRASH}
    if "trouble" in found:
        raise EnvironmentTrouble(f"ocr: {found['trouble']}")
    return found
