"""LaTeX to text: a table of what becomes of each construct, numbers and citations, files and encodings."""

from __future__ import annotations

import pytest

from pipeline.extraction.latex.document import Extracted, extract
from pipeline.extraction.latex.files import decoded, found_file, main_file

HEAD = "\\documentclass{article}\n"


def text_of(body: str, preamble: str = "", **files: str) -> str:
    paper = f"{HEAD}{preamble}\\begin{{document}}{body}\\end{{document}}"
    return extract(
        {"main.tex": paper, **{name.replace("__", "."): text for name, text in files.items()}}, "main.tex"
    ).text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("one\ntwo % gone\nthree", "one two three"),
        ("one%\n  two", "onetwo"),
        ("one\n%\n\ntwo", "one\n\ntwo"),
        ("one\n\n\n two", "one\n\ntwo"),
        ("one\\par two", "one\n\ntwo"),
        ("``a'' -- b --- c `d'", "“a” – b — c 'd'"),
        ("\\'e\\\"{o}\\^{\\i}\\c{c}\\v s\\ss{}\\o\\L{}\\H{o}\\~n\\.z\\'\\i", "éöîçšßøŁőñżí"),
        ("50\\% \\& \\_x \\# \\$5 a~b\\,c\\ d", "50% & _x # \\$5 a b c d"),
        ("\\textbf{a} {\\it b} \\emph{c \\textsc{d}} \\textcolor{red}{e}", "a b c d e"),
        ("\\href{http://a.b/%20}{link} \\url{http://a.b/c_d%e~f}", "link http://a.b/c_d%e~f"),
        ("a\\footnote{A note.} b", "a (A note) b"),
        ("a\\lstinputlisting[language=C]{b.c}\\verbatiminput{/etc/c} d\\inputminted{c}{e.c}", "a d"),
        ("a.\\footnote{A note.} b", "a. (A note.) b"),
        ("\\vspace{1cm}a\\hspace*{2pt}b \\vskip 3pt plus 1fil c\\kern-.1em d", "ab\n\ncd"),
        ("\\looseness=-1 \\emph{a} \\parindent=0pt b", "a b"),
        ("\\unknown{kept} \\odd[opt]{3pt}{width=2}{text too}", "kept text too"),
        ("\\iffalse no \\iftrue no\\fi\\else yes\\fi", "yes"),
        ("\\begin{comment}\n\\end{x} no\\end{comment}yes", "yes"),
        ("\\verb|a_\\b%| and", "`a_\\b%` and"),
        ("\\begin{verbatim}\n x % y\n\\end{verbatim}z", "```\n x % y\n```\n\nz"),
        ("\\begin{lstlisting}[language=C]\nint a;\n\\end{lstlisting}", "```c\nint a;\n```"),
        ("\\begin{itemize}\\item a \\item b\\end{itemize}c", "- a\n- b\n\nc"),
        ("\\begin{enumerate}\\item a \\item[x)] b \\item c\\end{enumerate}", "1. a\n- x) b\n2. c"),
        ("\\begin{enumerate}[(i)]\\item a\\item b\\end{enumerate}", "(i) a\n(ii) b"),
        ("\\begin{itemize}\\item a\\begin{itemize}\\item[$\\bullet$] b\\end{itemize}\\end{itemize}", "- a\n\n  - b"),
        ("\\begin{description}\\item[Term] says\\end{description}", "- **Term** says"),
        ("\\section*{A  b}x\\paragraph{Run.} in", "## A b\n\nx\n\n**Run.** in"),
        (
            "\\begin{tabular}{l|r}\\hline a & \\multicolumn{2}{c}{b}\\\\\\hline\n & 1 & $x$\\\\[2pt]\\end{tabular}",
            "a | b\n| 1 | $x$",
        ),
        ("\\begin{tabular}{c}a\\\\b\\end{tabular}", "a\nb"),
        ("a\\begin{quote}b\\end{quote}c", "a\n\nb\n\nc"),
        ("{\\color{red} a} \\begin{small}b\\end{small}", "a b"),
        ("\\begin{tikzpicture}\\draw (0,0);\\end{tikzpicture}a", "a"),
        ("\\begin{minipage}[t]{0.5\\textwidth}a\\end{minipage}", "a"),
        ("x\\begin{figure}[h]\\includegraphics{f}\\caption[s]{Long}\\end{figure} y\n\nz", "x y\n\nFigure 1: Long\n\nz"),
    ],
)
def test_text(tex: str, text: str) -> None:
    assert text_of(tex) == text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("$a+b$ \\(c\\)", "$a+b$ $c$"),
        ("a $$x$$ b", "a\n$$x$$\nb"),
        ("\\[ x \\]", "$$x$$"),
        ("\\begin{equation}x\\label{l}\\end{equation}", "$$x$$"),
        ("\\begin{equation}x\\label{l}\\end{equation}see \\eqref{l}", "$$x \\tag{1}$$\nsee (1)"),
        ("\\begin{equation}x\\tag{A}\\end{equation}", "$$x \\tag{A}$$"),
        ("\\begin{align}a&=b\\label{p}\\\\c&=d\\nonumber\\\\e&=f\\label{q}\\end{align}\\ref{p}, \\ref{q}",
         "$$\\begin{align*}\na&=b \\tag{1}\\\\\nc&=d\\\\\ne&=f \\tag{2}\n\\end{align*}$$\n1, 2"),
        ("\\begin{eqnarray*}a&=&b\\end{eqnarray*}", "$$\\begin{eqnarray*}\na&=&b\n\\end{eqnarray*}$$"),
        ("$a \\text{ if $b$ or } c$", "$a \\text{ if \\(b\\) or } c$"),
        ("$\\displaystyle\\color{red}x\\hspace{1cm}\\phantom{y}z$", "$xz$"),
        ("$x \\eqno (3)$", "$x \\tag{3}$"),
        ("\\ensuremath{\\alpha} $ $ $.$", "$\\alpha$."),
        ("$a$b", "$a$b"),
        ("\\alpha", "$\\alpha$"),
        ("$x\\\\$", "$x$"),
        ("$x\\ $y", "$x$y"),
    ],
)  # fmt: skip
def test_formulas(tex: str, text: str) -> None:
    assert text_of(tex) == text


@pytest.mark.parametrize(
    ("preamble", "tex", "text"),
    [
        ("\\newcommand{\\R}{\\mathbb{R}}", "$x\\in\\R^n$", "$x\\in\\mathbb{R}^n$"),
        ("\\newcommand{\\R}{\\mathbb R}", "$\\R x$", "$\\mathbb R x$"),
        ("\\newcommand{\\n}[2][p]{\\|#2\\|_{#1}}", "$\\n{x} \\n[q]{y}$", "$\\|x\\|_{p} \\|y\\|_{q}$"),
        ("\\def\\p#1,#2.{<#2|#1>}", "\\p a,b. c", "<b|a> c"),
        ("\\let\\old\\emph\\renewcommand{\\emph}[1]{\\old{#1}!}", "\\emph{a}", "a!"),
        ("\\DeclareMathOperator*{\\argmin}{arg\\,min}", "$\\argmin_x$", "$\\operatorname*{arg\\,min}_x$"),
        ("\\newcommand\\m{Model\\xspace}", "\\m is \\m, \\m{}s", "Model is Model, Models"),
        ("\\newenvironment{q}[1]{Q #1: }{ (end)}", "\\begin{q}{7}a\\end{q}", "Q 7: a (end)"),
        ("\\newenvironment{e}{\\begin{equation}}{\\end{equation}}", "\\begin{e}x\\label{a}\\end{e}\\ref{a}",
         "$$x \\tag{1}$$\n1"),
        ("\\def\\be{\\begin{equation}}\\def\\ee{\\end{equation}}", "\\be x \\ee", "$$x$$"),
        ("\\newif\\ifdraft\\draftfalse", "\\ifdraft no\\else yes\\fi", "yes"),
        ("\\NewDocumentCommand{\\c}{s O{d} m}{\\IfBooleanTF{#1}{S}{N}#2#3}", "\\c*{a} \\c[x]{b}", "Sda Nxb"),
        ("\\makeatletter\\newcommand{\\a@b}{x}\\newcommand{\\ab}{\\a@b y}\\makeatother", "\\ab", "xy"),
        ("\\renewcommand{\\section}{\\odd}", "\\section{A}", "## 1 A"),
        ("\\newcount\\n \\n=3", "\\advance\\n by 2 \\number\\n", "5"),
        ("\\newtheorem{thm}{Theorem}[section]\\newtheorem{lem}[thm]{Lemma}",
         "\\section{S}\\begin{thm}[Zorn]a\\label{t}\\end{thm}\\begin{lem}b\\end{lem}by \\cref{t}",
         "## 1 S\n\n**Theorem 1.1 (Zorn).** a\n\n**Lemma 1.2.** b\n\nby Theorem 1.1"),
        ("\\newtheorem*{c}{Claim}", "\\begin{c}a\\end{c}\\begin{proof}[Idea]b\\end{proof}",
         "**Claim.** a\n\n**Idea.** b ∎"),
    ],
)  # fmt: skip
def test_macros(preamble: str, tex: str, text: str) -> None:
    assert text_of(tex, preamble) == text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        ("as shown~\\cite{a}.", "as shown."),
        ("as shown in~\\cite{a}.", "as shown in [1]."),
        ("known (see \\cite{a}). More", "known (see [1]). More"),
        ("known (\\cite{a}; \\cite{b}) and", "known and"),
        ("known (Foo, \\cite{a}) and", "known (Foo) and"),
        ("known \\citep[e.g.,][]{a} and", "known and"),
        ("\\cite{a} proved it", "[1] proved it"),
        ("It holds. \\cite{a} The", "It holds. The"),
        ("In \\cite[Thm.~2]{b}", "In [2, Thm. 2]"),
        ("\\citet{c} proved", "Knuth et al. (1984) proved"),
        ("by \\citeauthor{c} in \\citeyear{c}", "by Knuth et al. in 1984"),
        ("Figure~\\ref{nowhere}. On", "Figure. On"),
        ("(\\ref{nowhere}) on", "on"),
    ],
)
def test_citations_stay_where_the_sentence_needs_them(tex: str, text: str) -> None:
    works = "\\begin{thebibliography}{9}\\bibitem{a}A\\bibitem{b}B\\bibitem[Knuth {et~al.}(1984)Knuth]{c}C"
    assert text_of(tex + works + "\\end{thebibliography}") == text


@pytest.mark.parametrize(("kind", "label"), [("figure", "Figure"), ("table", "Table")])
def test_parts_of_a_float_have_its_number_and_a_letter(kind: str, label: str) -> None:
    def part(letter: str, caption: str) -> str:
        return f"\\begin{{sub{kind}}}[b]{{2cm}}x\\caption{{{caption}}}\\label{{{letter}}}\\end{{sub{kind}}}"

    one = f"\\begin{{{kind}}}{part('a', 'Left')}{part('c', 'Right')}\\caption{{Both}}\\label{{b}}\\end{{{kind}}}"
    two = f"\\begin{{{kind}}}{part('d', 'New')}\\caption{{Last}}\\end{{{kind}}}"
    assert text_of(one + two + "See \\ref{a}, \\ref{b}, \\ref{c}, \\ref{d}.") == "\n\n".join(
        ["x", "Left", "x", "Right", f"{label} 1: Both", "x", "New", f"{label} 2: Last", "See 1a, 1, 1b, 2a."]
    )


def test_the_bibliography_stays_where_it_is_asked_for() -> None:
    paper = HEAD + "\\begin{document}x\\begin{thebibliography}{9}\\bibitem{a} A. B\\end{thebibliography}\\end{document}"
    assert extract({"m": paper}, "m").text == "x"
    assert extract({"m": paper}, "m", keep_bibliography=True).text == "x\n\n## References\n\n- [1] A. B"


def test_title_authors_and_language() -> None:
    paper = HEAD + (
        "\\usepackage[english,ngerman]{babel}\\title[S]{A $x$\\\\ Title\\thanks{T}}"
        "\\author{A. Ha\\ss\\thanks{x} \\\\ University of X \\\\ a@b.c \\and B.~Bee$^1$, C. Dee}"
        "\\begin{document}\\maketitle x"
    )
    assert extract({"m": paper}, "m") == Extracted("# A $x$ Title\n\nx", "A $x$ Title", "A. Haß, B. Bee, C. Dee", "de")


def test_files_are_found_within_the_submission_only() -> None:
    assert text_of("a \\input{b} c", b__tex="B\\input b2 \n", b2__tex="B2") == "a BB2 c"
    assert text_of("a \\input{../b} \\input{/etc/passwd} c", b__tex="B") == "a c"
    assert text_of("\\subfile{s}", s__tex="\\documentclass[m]{subfiles}\\begin{document}S\\end{document}") == "S"
    assert found_file({"x/b.tex": ""}, "./x/../x/b", "") == "x/b.tex"
    assert found_file({"b.tex": ""}, "x/../../b", "") is None


BODY = "\\documentclass{a}\\begin{document}"


@pytest.mark.parametrize(
    ("files", "main"),
    [
        ({"a.tex": "\\documentclass{a}\\begin{document}", "b.tex": "text"}, "a.tex"),
        ({"a.tex": BODY + "\\input{b}", "b.tex": BODY}, "a.tex"),
        ({"supp.tex": BODY + "x" * 99, "z.tex": BODY}, "z.tex"),
        ({"a.tex": "\\documentclass{a}", "b.tex": "\\documentclass{a}", "b.bbl": ""}, "b.tex"),
        ({"a.tex": "% \\documentclass{a}\n", "b.tex": "\\documentstyle{x}"}, "b.tex"),
        ({"a.tex": "text", "b.tex": "\\magnification=1000 \\bye"}, "b.tex"),
        ({"a.tex": "\\documentclass{a}", "b.tex": "\\documentclass{a}", "00README.XXX": "b.tex toplevelfile"}, "b.tex"),
        ({"a.tex": "\\documentclass{a}", "b": "\\documentclass{a}",
          "00README.json": '{"sources": [{"usage": "toplevel", "filename": "b"}]}'}, "b"),
        *(
            ({"a.tex": BODY, "b.tex": BODY, "00README.json": told}, "a.tex")
            for told in ('{"sources": null}', '{"sources": 5}', '{"sources": {"a": 1}}', "[1]", "no JSON",
                         '{"sources": ["b.tex"]}', '{"sources": [{"usage": "toplevel", "filename": ["b.tex"]}]}')
        ),
        ({"notes.txt": "nothing"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_main_file(files: dict[str, str], main: str | None) -> None:
    assert main_file(files) == main


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("é".encode(), ("é", "utf-8")),
        (b"\xef\xbb\xbfa\r\nb\rc\x00\x01", ("a\nb\nc", "utf-8")),
        (b"caf\xe9", ("café", "cp1252")),
        (b"\\usepackage[cp1251]{inputenc}\xc0", ("\\usepackage[cp1251]{inputenc}А", "cp1251")),
        (b"\\begin{CJK}{GBK}{song}\xc4\xe3", ("\\begin{CJK}{GBK}{song}你", "gb18030")),
        (b"\\begin{CJK}{Bg5+}{x}\xa7A", ("\\begin{CJK}{Bg5+}{x}你", "big5hkscs")),
        (b"\x81\xe9", ("\x81é", "latin-1")),
    ],
)
def test_encodings(content: bytes, expected: tuple[str, str]) -> None:
    assert decoded(content) == expected
