"""Chosen blocks as text: what becomes of headings, lists, tables, code and formulas."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extraction.html.math import latex_of, tidy
from pipeline.extraction.html.render import render
from pipeline.extraction.html.scan import scan
from pipeline.extraction.references import web_unescaped


def rendered(markup: str) -> str:
    """All blocks of a page as text."""
    data = markup.encode()
    page = scan(np.frombuffer(data, np.uint8), data.count(b"<"))
    return render(page, np.ones(len(page.blocks), np.bool_))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one\n  two</p><p>three</p>", "one two\n\nthree"),
        ("<h2>Head <b>ing</b></h2><p>text", "## Head ing\n\ntext"),
        ("<p>a<br>b", "a\nb"),
        ("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "- a\n- b\n  - c\n- d\n\ne"),
        ("<ol><li>a<li><p>b</p><p>c</p><li>d</ol>", "1. a\n2. b\n  c\n3. d"),
        (
            "<table><tr><th>n<th>m<tr><td>1|2<td><b>x</b></table><p>end",
            "| n | m |\n| --- | --- |\n| 1\\|2 | x |\n\nend",
        ),
        ("<ol start=5><li>a<li>b<li value='2'>c<li>d</ol>", "5. a\n6. b\n2. c\n3. d"),
        ('<ol reversed><li>a<li>b</ol><ol START="-1" reversed><li>c<li>d</ol>', "2. a\n1. b\n-1. c\n-2. d"),
        ("<ol><li data-start=7 class='value=3'>a</ol>", "1. a"),
        ("<table><tr><td>only<tr><td>a layout</table>", "only\na layout"),
        ("<table><tr><td>a<td>" + "long " * 80 + "<tr><td>b<td>c</table>", None),
        ("<pre>def f():\n    return 1\n</pre>", "```\ndef f():\n    return 1\n```"),
        ("<pre><span>a</span>\n<span>b</span></pre>", "```\na\nb\n```"),
        (
            "<pre><code><div>{</div><div>  <b>a</b>: [<br></div><div>  ]</div><div>}</div></code></pre>",
            "```\n{\n  a: [\n  ]\n}\n```",
        ),
        (
            "<pre><div><i>def</i> f():</div>\n <div><i>    </i><i>return</i> 1</div></pre><pre>;</pre>",
            "```\ndef f():\n    return 1\n```",
        ),
        ("<pre><i>  </i><i>a</i>\n<i>  </i>b</pre>", "```\n  a\n  b\n```"),
        ("<pre>a<br>b</pre>", "```\na\nb\n```"),
        ("<pre>```</pre><p>x<pre>y ``` z</pre>", "x\n\n````\ny ``` z\n````"),
        ("<table><tr><td><pre>1\n2</pre><td><pre>x\ny</pre></table>", "```\nx\ny\n```"),
        ("<pre>3\n1 2 3</pre>", "```\n3\n1 2 3\n```"),  # a sample of input
        ("<pre>98\n 99\n100</pre><pre>9\n9</pre>", "```\n9\n9\n```"),
        ("<pre>1 2 3</pre>", "```\n1 2 3\n```"),
        ("<p>call <code>f(x)</code> now", "call `f(x)` now"),
        ("<p>x<sup>2</sup>, H<sub>2</sub>O, text<sup>[1]</sup>, 4<sup>th</sup>", "x², H₂O, text[1], 4th"),
        ("<p>&lt;b&gt; &amp;amp; &copy; a&nbsp;b", "<b> &amp; © a b"),
        ("<p>a\0b\x07c", "abc"),
        ("<p>a\x01b <code>c\x01d\x0ce&#1;</code>", "ab `cd e`"),
        ("<pre>a\x01b\rc\r\nd&#13;e&#12;f\x0bg</pre>", "```\nab\nc\nd\ne f g\n```"),
        ("<p>is <math alttext='a\x01+b'><mi>a</mi></math> so", "is $a+b$ so"),
        ("<p>is <math><mi>a\x01</mi></math> so", "is $a$ so"),
        ("<p>is <math alttext='a+b'><mi>a</mi></math> so", "is $a+b$ so"),
        ("<p>is <math display=block><mi>a</mi><mo>=</mo><mn>1</mn></math> so", "is\n$$a = 1$$\nso"),
        ("<p>is <img class=latex alt='\\pi &gt; 3'> so", "is $\\pi > 3$ so"),
        ("<p>is <script type='math/tex'>a &lt b</script> so", "is $a &lt b$ so"),
        (
            "<p>k <span class=katex><span class=katex-mathml><math><semantics><mi>x</mi><annotation"
            " encoding='application/x-tex'>x^2</annotation></semantics></math></span><span class=katex-html"
            " aria-hidden=true><span>x2</span></span></span> so",
            "k $x^2$ so",
        ),
        (
            "<p>w <span class=mwe-math-element><math alttext='{\\displaystyle y}'><mi>y</mi></math>"
            "<img class=mwe-math-fallback-image-inline alt='{\\displaystyle y}'></span> so",
            "w $y$ so",
        ),
        (
            "<p>w <span><span style='display: none'><math alttext='{\\displaystyle y}'><mi>y</mi></math>\n</span> "
            "<img class='mwe-math-fallback-image-inline mw-invert' alt='{\\displaystyle y}'></span> so",
            "w $y$ so",
        ),
        ("<p>w <img class=mwe-math-fallback-image-inline alt='{\\displaystyle y}'> so", "w $y$ so"),
        (
            "<p>w <math><mi>x</mi></math> and <img class=mwe-math-fallback-image-inline alt='{\\displaystyle y}'> so",
            "w $x$ and $y$ so",
        ),
        (
            "<p>see <math><mi>x</mi></math><p><img class=mwe-math-fallback-image-display alt='{\\displaystyle y}'> so",
            "see $x$\n\n$y$ so",
        ),
    ],
)
def test_what_becomes_of_markup(markup, text):
    made = rendered(markup)
    if text is None:
        assert "|" not in made
    else:
        assert made == text


@pytest.mark.parametrize(
    ("markup", "latex"),
    [
        ("<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>", r"\frac{a}{2}"),
        ("<math><msup><mi>x</mi><mn>2</mn></msup></math>", "x^2"),
        ("<math><msubsup><mo>&#8721;</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></msubsup></math>",
         r"\sum_{i = 1}^n"),
        ("<math><msqrt><mi>x</mi></msqrt></math>", r"\sqrt{x}"),
        ("<math><mi>sin</mi><mi>&alpha;</mi></math>", r"\sin \alpha"),
        ("<math><mover><mi>v</mi><mo>→</mo></mover></math>", r"\vec{v}"),
        ("<m:math><m:mi>x</m:mi></m:math>", "x"),
        ("<math></math>", ""),
    ],
)  # fmt: skip
def test_mathml_becomes_latex(markup, latex):
    made, display = latex_of(markup)
    assert not display
    assert made == latex


@pytest.mark.parametrize(
    ("source", "tex"),
    [("$x$", "x"), ("$$x$$", "x"), (r"\(x\)", "x"), (r"{\displaystyle x}", "x"), ("  a \n b ", "a b"), ("$", "$")],
)
def test_tex_is_tidied(source, tex):
    assert tidy(source) == tex


@pytest.mark.parametrize(
    ("markup", "rows"),
    [
        ("<tr><td></td><th>a<th>b<tr><th>c<td><td>d", ["|  | a | b |", "| c |  | d |"]),
        ("<tr><th>a<th>b<th>c<tr><td>d<td>–<td><b>&#10003;</b></td>", ["| a | b | c |", "| d | – | ✓ |"]),
        ("<tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e", ["| a | b |", "|  | c |", "| d | e |"]),
        ("<tr><th colspan='2'>a<th>b<tr><td>c<td>d<td>e", ["| a |  | b |", "| c | d | e |"]),
        ("<tr><th>a<th><th>b<tr><td>c<td> <td>d", ["| a | b |", "| c | d |"]),  # a column that only makes room
        (
            "<tr><td data-colspan=3>a<td>b<tr><td data-rowspan=2>c<td>d<tr><td>e<td>f",
            ["| a | b |", "| c | d |", "| e | f |"],
        ),
        ("<tr><td>a<td>b<tr><td rowspan=65534>c<td colspan=9999>d", ["| a | b |", "| c | d |"]),
        ("<tr><td>a<td>b<tr><td>c<td><table><tr><td>in</table>d", ["| a | b |", "| c | d |"]),
        ("<tr><td>a<td>b<tr><td>c<td><a title='>'>-</a>", ["| a | b |", "| c | - |"]),
    ],
)
def test_each_cell_stands_in_its_column(markup, rows):
    first, *others = rows
    made = rendered(f"<table>{markup}</table>").split("\n")
    assert [line for line in made if line.startswith("|")] == [first, f"|{' --- |' * (first.count('|') - 1)}", *others]


SPANS = st.integers(1, 3)


@given(st.lists(st.lists(st.tuples(st.booleans(), SPANS, SPANS), min_size=1, max_size=4), min_size=2, max_size=5))
@settings(deadline=None, max_examples=200)
def test_cells_have_the_columns_that_the_page_shows(table):
    """Each cell is a word, or empty; where it stands is told by a map of the places that cells before it take."""
    markup, taken, shown = "", set(), {}
    for row, cells in enumerate(table):
        markup, column = markup + "<tr>", 0
        for number, (is_empty, down, across) in enumerate(cells):
            while (row, column) in taken:
                column += 1
            taken |= {(row + r, column + c) for r in range(down) for c in range(across)}
            word = "" if is_empty else f"w{row}w{number}"
            markup += f"<td rowspan={down} colspan={across}>{word}</td>"
            shown[row, column] = word
    words = {place: word for place, word in shown.items() if word}
    used = sorted({column for _, column in words})
    lines = [
        line for line in rendered(f"<table>{markup}</table>").split("\n") if line.startswith("|") and "---" not in line
    ]
    if not lines:  # one column, or one row
        return
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    expected = [[words.get((row, column), "") for column in used] for row in sorted({row for row, _ in words})]
    assert [row + [""] * (len(used) - len(row)) for row in told] == expected


CODE = st.lists(st.lists(st.sampled_from(["  ", "x", "}", "(", ";", "y1"]), min_size=1, max_size=5), max_size=8)


@given(CODE)
@settings(deadline=None, max_examples=200)
def test_code_is_the_same_however_its_lines_are_marked_up(lines):
    written = ["".join(line).rstrip() for line in lines]
    told = "\n".join(line for line in written if line)
    markup = "".join(f"<div>{''.join(f'<span>{part}</span>' for part in line)}</div>" for line in lines)
    assert rendered(f"<pre>{markup}</pre>") == (f"```\n{told}\n```" if "x" in told or "y" in told else "")


@given(st.text(alphabet="<>/mathfrc msupi2&;-!x=\"'", max_size=300))
@settings(deadline=None, max_examples=300)
def test_any_markup_is_some_formula(markup):
    latex, _ = latex_of("<math>" + markup)
    assert isinstance(latex, str)


BEYOND_ASCII = [chr(point) for point in range(0x80, 0x3100) if chr(point).isspace()]
LETTERS = ["a", "\u00e9", "\u2013", "\u200b", "\ufeff", "\u8a9e", "\u3001", "\u2070"]
REFERENCES = ["b&amp;", "&nbsp;", "&#32;", "&Tab;", "&#1;", "&no", "&ensp;"]
WORDING = st.lists(st.sampled_from([*LETTERS, *REFERENCES, " ", "\n", "\t", *BEYOND_ASCII]), max_size=30).map("".join)


def unwrapped(line: str) -> str:
    """Without ASCII white space that holds a line end and stands between two of the wide letters of this test."""
    return re.sub(r"(?<=[語、])[ \t]*\n[ \t\n]*(?=[語、])", "", line)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("日本語の\n  文章、\r\n次", "日本語の文章、次"),
        ("日本語 の文章", "日本語 の文章"),  # a space without a line end
        ("日本\n語の\u3000\n文", "日本語の 文"),  # an ideographic space is none of the source's layout
        ("한국\n어 中\nx\n中", "한국 어 中 x 中"),
        ("𠀀\n𠀁\n😀\n中", "𠀀𠀁 😀 中"),
        ("<a href=x>新闻</a>\n<a href=y>体育</a>", "新闻 体育"),  # elements side by side
        ("中\n<b>文\n字</b>", "中 文字"),
    ],
)
def test_a_line_end_between_ideographs_is_no_space(markup, text):
    assert rendered(f"<p>{markup}") == text
    assert rendered(f"<p>{markup} <code>x</code>") == f"{text} `x`"  # the way of blocks with more than text


@given(WORDING, WORDING, st.booleans())
@settings(deadline=None, max_examples=500)
def test_white_space_is_what_python_calls_so(before, behind, in_item):
    """Every run of it is one space, none at the ends of a line, and no line is empty."""
    lines = f"x{before}", f"{behind}y"  # a block without a word is no text
    one, two = (" ".join(web_unescaped(unwrapped(line)).split()) for line in lines)
    markup = "<br>".join(lines)
    if in_item:
        assert rendered(f"<li>{markup}</li>") == f"- {one}\n  {two}"
    else:
        assert rendered(f"<p>{markup}</p>") == f"{one}\n{two}"


@pytest.mark.parametrize("space", BEYOND_ASCII, ids=lambda space: f"{ord(space):04x}")
def test_each_white_space_beyond_ascii_divides_words(space):
    assert rendered(f"<p>{space}a{space}{space}b{space}</p>") == "a b"


TAGS = st.sampled_from(
    ["p", "table", "tr", "td", "ul", "ol", "li", "pre", "code", "sup", "h2", "br", "math", "div", "th"]
)
PIECES = st.one_of(TAGS.map("<{}>".format), TAGS.map("</{}>".format), st.sampled_from(["one ", "two", " ", "\n", "|"]))


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(deadline=None, max_examples=300)
def test_all_words_of_all_blocks_are_in_the_text(markup):
    text = rendered(markup)
    if "math" not in markup:
        assert text.count("one") == markup.count("one")
        assert text.count("two") == markup.count("two")
    assert "\n\n\n" not in text or "```" in text
