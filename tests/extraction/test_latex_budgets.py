"""LaTeX that would never end, or says anything at all: budgets are told, and every input ends in text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.latex.document import Extracted, extract
from pipeline.extraction.latex.files import decoded

BODY = "\\documentclass{a}\\begin{document}"
MANY = 20_000


@pytest.mark.parametrize(
    "tex",
    [
        "\\def\\a{\\a}\\a",
        "\\def\\a{\\a\\a}\\a",
        "\\def\\a#1{#1#1}" + "\\a{" * 40 + "x" + "}" * 40,
        "\\newenvironment{a}{\\begin{a}}{}\\begin{a}",
        "\\def\\thesection{\\thesection}\\section{a}",
    ],
)
def test_macros_without_end_are_told_so(tex: str) -> None:
    assert extract({"m": tex}, "m") == Extracted("", over_budget="resource:latex_expansion")


def test_a_file_is_read_as_often_as_it_is_included() -> None:
    paper = {"m": BODY + "a" + "\\input{sep}" * 21 + "b\\end{document}", "sep.tex": "-\\relax"}
    assert extract(paper, "m").text == "a" + "-" * 21 + "b"


@pytest.mark.parametrize("count", [500, 501])
def test_so_many_inputs_at_most(count: int) -> None:
    paper = {"m": BODY + "\\input{sep}" * count, "sep.tex": "x\\relax"}
    expected = Extracted("x" * count) if count <= 500 else Extracted("", over_budget="resource:latex_bytes")
    assert extract(paper, "m") == expected


def test_files_without_end_are_told_so() -> None:
    assert extract({"m": "\\input{b}", "b.tex": "\\input{b}"}, "m").over_budget == "resource:latex_bytes"
    assert extract({"m": "x" * (8 << 20) + "y"}, "m").over_budget == "resource:latex_bytes"


@pytest.mark.parametrize(
    "piece",
    [
        *("{", "}", "$", "$$", "\\[", "\\(", "&", "#", "\\\\", "\\\\[", "\\section[", "\\footnote{", "\\begin{center}"),
        *("\\begin{itemize}\\item ", "\\begin{tabular}{c}", "\\begin{verbatim}", "\\verb|", "\\cite{a}", "(\\cite{a};"),
        *(
            "\\ref{a}",
            "\\iffalse ",
            "\\fi ",
            "\\else ",
            "\\csname a",
            "\\caption{",
            "\\'",
            "\\'{",
            "\\foo[",
            "\\vskip ",
        ),
        *(
            "\\end{a}",
            "\\begin{a}",
            "\\item ",
            "\\begin{enumerate}",
            "$\\text{$",
            "\\ifnum1<",
            "\\halign{#\\cr",
            "\\title{",
        ),
        *("\\begin{figure}\\caption{", "\\begin{algorithmic}\\If{", "\\abstract{a}", "%\n", "\\the\\x", "\\def\\a#1"),
    ],
)
def test_anything_repeated_ends(piece: str) -> None:
    """The same thing very often: no recursion, nothing quadratic beyond what this suite's time would show."""
    found = extract({"m": piece * (MANY // 8)}, "m")
    assert found.over_budget in (None, "resource:latex_expansion")
    found.text.encode()


TOKENS = st.sampled_from(
    [
        *(
            "{",
            "}",
            "[",
            "]",
            "$",
            "$$",
            "&",
            "#",
            "#1",
            "^",
            "_",
            "~",
            "%",
            "\n",
            "\n\n",
            " ",
            "a",
            "Word.",
            "-",
            "``",
            "*",
        ),
        *(
            "\\\\",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
            "\\begin",
            "\\end",
            "{document}",
            "{equation}",
            "{tabular}",
            "{itemize}",
            "{x}",
        ),
        *(
            "\\item",
            "\\section",
            "\\def",
            "\\a",
            "\\newcommand",
            "\\let",
            "\\cite",
            "\\ref",
            "\\label",
            "\\caption",
            "\\if",
        ),
        *(
            "\\fi",
            "\\else",
            "\\iffalse",
            "\\footnote",
            "\\text",
            "\\verb",
            "|",
            "\\tag",
            "\\eqno",
            "\\par",
            "\\title",
            "\\'",
        ),
        *(
            "{verbatim}",
            "{align}",
            "{figure}",
            "{theorem}",
            "\\input",
            "\\newenvironment",
            "\\csname",
            "\\endcsname",
            "\\the",
        ),
        *(
            "\\advance",
            "\\kern",
            "\\multicolumn",
            "\\halign",
            "\\cr",
            "\\xspace",
            "\\ensuremath",
            "\\url",
            "\\newtheorem",
        ),
        *(
            "{subequations}",
            "{proof}",
            "\\refstepcounter",
            "\\expandafter",
            "\\bibitem",
            "{thebibliography}",
            "\\abstract",
        ),
        *(
            "\\For",
            "{algorithmic}",
            "{algorithm}",
            "\\;",
            "\\author",
            "\\and",
            "\\DeclareMathAlphabet",
            "\\ifnum",
            "=",
            "1",
        ),
    ]
)


@given(tokens=st.lists(TOKENS, max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_tokens_end_in_text(tokens: list[str]) -> None:
    files = {"m.tex": "".join(tokens), "a.tex": "A", "x.sty": "".join(tokens[::-1])}
    found = extract(files, "m.tex", keep_bibliography=True)
    assert found == extract(files, "m.tex", keep_bibliography=True)
    found.text.encode()
    assert not set(found.text) & set(map(chr, (*range(9), *range(11, 32))))


@given(text=st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_characters_end_in_text(text: str) -> None:
    clean, _ = decoded(text.encode("utf-8", "surrogatepass"))
    extract({"m": clean}, "m").text.encode()
