"""datatrove's web path, as its examples/fineweb.py documents it; run with the interpreter of the peer's environment.

    .peers/datatrove/bin/python datatrove_path.py RAW_FOLDER OUT_FOLDER --extractor trafilatura --lid lid.176.ftz

Imports nothing of ours. Writes OUT_FOLDER/stats.json: one entry a pipeline step, as datatrove counts.

Three differences from the example, each in the peer's favour or for want of a network:
- no URLFilter: it brings lists, ours are the user's own, so neither side pays for them;
- the language filter reads the model given by --lid (lid.176.ftz, the one that our path uses) where the example
  downloads lid.176.bin;
- trafilatura is imported before the run: the example imports it inside its one-second limit, once for every child
  process that a time-out killed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.extractors.base import BaseExtractor
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.lid import FT176LID

EXTRACTORS = ("trafilatura", "trafilatura_fast", "resiliparse")


class Resiliparse(BaseExtractor):
    """The call that our own extraction makes, inside datatrove's frame: what differs then is the frame."""

    name = "Resiliparse"

    def __init__(self, timeout: float = 1) -> None:
        super().__init__(timeout)

    def extract(self, text: str) -> str:
        from resiliparse.extract.html2text import extract_plain_text

        return str(extract_plain_text(text, preserve_formatting=True, main_content=True, alt_texts=False, links=False))


def extractor(name: str, timeout_s: float) -> BaseExtractor:
    """`trafilatura` is the documented default; `trafilatura_fast` is the same without its fallback extractors."""
    if name == "resiliparse":
        import resiliparse.extract.html2text  # noqa: F401

        return Resiliparse(timeout=timeout_s)
    import trafilatura  # noqa: F401

    fast = {"no_fallback": True} if name == "trafilatura_fast" else {}
    return Trafilatura(favour_precision=True, timeout=timeout_s, **fast)


def pipeline(raw: str, out: str, extractor_: BaseExtractor) -> list[Any]:
    """The steps of the example's first executor, with its writers of what was removed."""

    def removed(name: str) -> JsonlWriter:
        return JsonlWriter(f"{out}/removed/{name}")

    return [
        WarcReader(raw, default_metadata={"dump": "bench"}),
        extractor_,
        LanguageFilter(
            exclusion_writer=JsonlWriter(f"{out}/removed/2_non_english", output_filename="${language}/${rank}.jsonl.gz")
        ),
        GopherRepetitionFilter(exclusion_writer=removed("3_gopher_rep")),
        GopherQualityFilter(exclusion_writer=removed("4_gopher_qual")),
        C4QualityFilter(filter_no_terminal_punct=False, exclusion_writer=removed("5_c4")),
        FineWebQualityFilter(exclusion_writer=removed("6_fineweb_qual")),
        JsonlWriter(f"{out}/output"),
    ]


def main() -> None:
    """Run the pipeline once, in this process, as one task."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("raw")
    parser.add_argument("out")
    parser.add_argument("--extractor", choices=EXTRACTORS, required=True)
    parser.add_argument("--timeout-s", type=float, default=1.0)
    parser.add_argument("--lid", type=Path, required=True)
    given = parser.parse_args()
    FT176LID.MODEL_URL = str(given.lid.resolve())  # copied from there into the cache under HF_HOME
    steps = pipeline(given.raw, given.out, extractor(given.extractor, given.timeout_s))
    LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=given.out).run()


if __name__ == "__main__":
    main()
