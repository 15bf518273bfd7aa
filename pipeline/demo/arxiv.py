"""E-prints for the demo, as arXiv serves them; the papers are made up and written for this project.

    2601.99001.tar.gz            a paper of four files: \\input, its own style file, theorem, table, bibliography
    2601.99002.gz                a paper of one file, in the LaTeX of 1990 with macros of plain TeX
    2601.99003.gz                the notice of a withdrawn paper: arxiv:withdrawn
    2601.99004.tar.gz            cut in the middle of its compressed bytes: arxiv:broken_archive
    2601.99005.tar.gz            an image and no TeX: arxiv:no_tex
    2601.99006.gz                macros that double for ever: resource:latex_expansion
    arXiv_src_2601_001.tar       a bulk archive of the first paper under another number and of a PDF-only submission
                                 (arxiv:pdf_only), expanded into two

No such numbers were ever given out: arXiv counts to some 30,000 a month.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

TEXTS = Path(__file__).parent.parent.parent / "configs" / "demo_texts" / "arxiv"
_NOTICE = b"%auto-ignore\nThis paper has been withdrawn by the authors, because Lemma 3 does not hold.\n"
_BOMB = rb"""\documentclass{article}
\def\twice#1{#1#1}
\def\again{\twice{\again}}
\begin{document}
A queue that is long enough grows for ever: \again
\end{document}
"""


def files() -> dict[str, bytes]:
    """Every file by its name; the same bytes each time."""
    paper = _folder("sediment")
    whole = _packed(paper)
    bulk = {"2601/2601.99011.gz": whole, "2601/2601.99012.pdf": b"%PDF-1.4\n%%EOF\n"}
    return {
        "2601.99001.tar.gz": whole,
        "2601.99002.gz": gzip.compress((TEXTS / "counting" / "paper.tex").read_bytes(), mtime=0),
        "2601.99003.gz": gzip.compress(_NOTICE, mtime=0),
        "2601.99004.tar.gz": whole[: len(whole) // 2],
        "2601.99005.tar.gz": _packed({"figure.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%EOF\n"}),
        "2601.99006.gz": gzip.compress(_BOMB, mtime=0),
        "arXiv_src_2601_001.tar": _tar(bulk),
    }


def _folder(name: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((TEXTS / name).iterdir())}


def _packed(content: Mapping[str, bytes]) -> bytes:
    return gzip.compress(_tar(content), mtime=0)


def _tar(content: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()
