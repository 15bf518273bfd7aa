"""What a template is called with."""

from __future__ import annotations

import re

from pipeline.extraction.wikitext.marks import HOLE, LOST

_NUMBER = re.compile(r"[+\-−–]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})?(?:\.\d{1,30})?")
_HOLES = str.maketrans("", "", HOLE + LOST)


class Arguments:
    """The parts of a template behind its name: by place from "1" on, or by name; blank ones are not there.

    As in MediaWiki a part is named where it has an equals sign outside of inner templates, and white space around names
    and named values does not count. The last one of a name holds.
    """

    def __init__(self, parts: list[list[str]]) -> None:
        self.by_name: dict[str, str] = {}
        place = 0
        for part in parts:
            name, equals, rest = part[0].partition("=") if part else ("", "", "")
            if equals:
                self.by_name[name.strip().lower()] = "".join((rest, *part[1:])).strip()
            else:
                place += 1
                self.by_name[str(place)] = "".join(part)
        self.places = place

    def get(self, *names: str) -> str:
        """The first of these that is there, else an empty string."""
        for name in names:
            value = self.by_name.get(name)
            if value is not None and (value := value.strip(" \n")):
                return value
        return ""

    def plain(self, *names: str) -> str:
        """The same, without marks of what is missing in it."""
        return self.get(*names).translate(_HOLES).strip()

    def positional(self, start: int = 1) -> list[str]:
        """Those by place from `start` on, blank ones left out."""
        return [value for place in range(start, self.places + 1) if (value := self.get(str(place)))]

    def last(self) -> str:
        """The last one by place that is not blank."""
        return next((value for place in range(self.places, 0, -1) if (value := self.get(str(place)))), "")

    def is_on(self, name: str) -> bool:
        """Whether a switch is set."""
        return self.get(name).lower() in ("on", "yes", "y", "1", "true")


def number_of(text: str) -> str | None:
    """A number as text, with the minus sign of typography; None where it is none."""
    text = text.strip()
    if not text or len(text) > 60 or not _NUMBER.fullmatch(text) or not any(char.isdigit() for char in text):
        return None
    return text.replace("-", "−").replace("–", "−")
