"""Wikitext to text: each construct, what it gives, and what it must not leave behind."""

from __future__ import annotations

import pytest

from pipeline.extraction.wikitext.article import Article, Names, article_of
from pipeline.extraction.wikitext.givers import GIVERS
from pipeline.extraction.wikitext.names import SIGNS
from pipeline.extraction.wikitext.templates import normal


def text_of(wikitext: str, names: Names | None = None) -> str:
    """The text behind the title's heading."""
    return article_of(wikitext, "Title", names).text.removeprefix("# Title").strip("\n")


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        # paragraphs and emphasis
        ("One\ntwo.\n\nThree.", "One two.\n\nThree."),
        ("'''Bold''' and ''slanted'' and '''''both'''''.", "Bold and slanted and both."),
        ("It is ''''quoted'''' and it's fine.", "It is 'quoted' and it's fine."),
        ("One<br>two<br />three", "One\ntwo\nthree"),
        ("a&nbsp;b &mdash; c &lt;d&gt; &amp;lt; &notit R&D", "a b — c <d> &lt; &notit R&D"),
        ("Text.__NOTOC__ __FORCETOC__ snake__case", "Text. snake__case"),
        ("Above.\n----\nBelow.", "Above.\n\nBelow."),
        # headings
        ("== One ==\na\n=== Two ===\nb\n====Three====\nc", "## One\n\na\n\n### Two\n\nb\n\n#### Three\n\nc"),
        ("a\n== Empty ==\n== Full ==\nb", "a\n\n## Full\n\nb"),
        ("a\n== Outer ==\n=== Empty ===\n=== Full ===\nb", "a\n\n## Outer\n\n### Full\n\nb"),
        ("a\n== Outer ==\n=== Empty ===\n== Full ==\nb", "a\n\n## Full\n\nb"),
        ("a\n== References ==\n<references/>\n* Book\n=== Notes ===\nx\n== Full ==\nb", "a\n\n## Full\n\nb"),
        ("a\n== Weblinks ==\n* [http://x.example X]", "a"),
        ("a\n==== Deep ====\nb\n== See also ==\n* [[c]]", "a\n\n#### Deep\n\nb"),
        # lists
        ("* a\n** b\n* c", "- a\n  - b\n- c"),
        ("# a\n# b\n## c\n## d\n# e", "1. a\n2. b\n  1. c\n  2. d\n3. e"),
        ("* a\n*: more\n* b", "- a\n  more\n- b"),
        ("; term : what it is\n; other\n: that", "term: what it is\nother: that"),
        ("; Heading\nText", "Heading\n\nText"),
        ("Intro:\n* a\n* {{cite web|url=x}}\n* b\nAfter", "Intro:\n\n- a\n- b\n\nAfter"),
        (":''For other uses, see [[X (disambiguation)]].''\nText", "Text"),
        (": An indented line.", "An indented line."),
        # links
        ("[[a]], [[a|b]], [[a]]s, [[a (b)|]], [[Help:a|]], [[a, b|]], [[a_b]]", "a, b, as, a, a, a, a b"),
        ("[[:Category:X]] [[Category:X]] [[category: X|key]]y", "Category:X y"),
        ("[[File:A.jpg|thumb|A [[long]] caption]]Text [[de:Titel]]here [[wikt:word|word]]", "Text here word"),
        (
            "[http://x.example label] [http://x.example] [//x.example/a b c] [not a link] [mailto:a@b.c mail]",
            "label b c [not a link] mail",
        ),
        ("[[unclosed link and [[closed]] one", "unclosed link and closed one"),
        ("A {{unclosed template|with [[link]] text", "A unclosed template|with link text"),
        ("stray }} and ]] brackets", "stray and brackets"),
        # comments, references, nowiki
        ("a<!-- b -->c\n<!-- line -->\nd", "ac d"),
        ("a <!-- never closed", "a"),
        ("a<ref>b</ref>, c<ref name=d />, e <ref name='x'>{{cite|f}}</ref>.", "a, c, e."),
        ("a<ref>unclosed\nb<ref>c</ref> d", "a b d"),
        ("a<ref>unclosed and the end", "a"),
        ("<nowiki>[[a]] {{b}} &amp; '''</nowiki>", "[[a]] {{b}} & '''"),
        ("<gallery>\nA.jpg|b\n</gallery>Text", "Text"),
        # formulas and code
        ("Let <math>x &lt; y\n{{a}}</math> be.", "Let $x < y {{a}}$ be."),
        (":<math>\\frac{a}{b}</math>", "$\\frac{a}{b}$"),
        ("<chem>H2O</chem> <ce>CO2</ce>", "$\\ce{H2O}$ $\\ce{CO2}$"),
        (
            'See:\n<syntaxhighlight lang="Python">\nif a:\n    b = [[1]]\n</syntaxhighlight>\nAfter',
            "See:\n\n```python\nif a:\n    b = [[1]]\n```\n\nAfter",
        ),
        ("<pre>\na &lt; b\n  ''c''\n</pre>", "```\na < b\n  ''c''\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("Call <code>f(x)</code> or <syntaxhighlight lang=c inline>g()</syntaxhighlight>.", "Call `f(x)` or `g()`."),
        ("Code:\n a = 1\n\n   b = 2\n c\nAfter", "Code:\n\n```\na = 1\n\n  b = 2\nc\n```\n\nAfter"),
        ("Text\n and more", "Text\n\nand more"),
        # HTML
        (
            "x<sup>2</sup> 10<sup>−6</sup> H<sub>2</sub>O e<sup>''i''π</sup> T<sub>max</sub> 4<sup>th</sup>",
            "x² 10⁻⁶ H₂O e^iπ T_max 4th",
        ),
        ("NaCl<sub>(aq)</sub> a<sub>i,j</sub> b<sup>x+y</sup>", "NaCl(aq) a_{i,j} b^{x+y}"),
        ("<div class=x>a <span style='color:red'>b</span></div><p>c</p>", "a b\n\nc"),
        ("a<span style='display:none'>hidden</span>b x<y and y>z <unknown>", "ab x<y and y>z <unknown>"),
        ("<blockquote>Said so.</blockquote>After", "> Said so.\n\nAfter"),
        ("<poem>\nOne line,\nanother.\n</poem>", "One line,\nanother."),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<h2>Part</h2>a", "## Part\n\na"),
        # Chinese variants
        ("-{zh-hans:计算机; zh-hant:電腦}- 和 -{plain}-", "计算机 和 plain"),
    ],
)
def test_wikitext_becomes_text(wikitext: str, text: str) -> None:
    assert text_of(wikitext) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{convert|12|km|mi}}", "12 kilometres"),
        ("{{convert|1|km}}", "1 kilometre"),
        ("{{Convert|12000|km|mi|abbr=on}}", "12,000 km"),
        ("{{convert|12|km|adj=on}}", "12-kilometre"),
        ("{{convert|12|m|sp=us}}", "12 meters"),
        ("{{convert|3|to|5|m2}}", "3 to 5 square metres"),
        ("{{convert|5|ft|9|in|cm}}", "5 feet 9 inches"),
        ("{{convert|-5|C|F}}", "−5 °C"),
        ("{{convert|3|furlongs per fortnight}}", "3 furlongs per fortnight"),
        ("{{val|1234.5|0.2|e=-3|u=m}}", "1,234.5 ± 0.2 × 10⁻³ m"),
        ("{{val|1.5|(3)|ul=km/s}}", "1.5(3) km/s"),
        ("{{frac|1|2}} {{frac|3|1|2}} {{sfrac|4}} {{e|6}}", "1/2 3 1/2 1/4 × 10⁶"),
        ("{{US$|5}} {{£|3}}", "US$5 £3"),
        (
            "{{birth date|1990|2|3}} {{start date|1990|2|3|mf=yes}} {{dts|1990|Feb}}",
            "3 February 1990 February 3, 1990 February 1990",
        ),
        ("{{death date and age|2000|1|2|1950|3|4}}", "2 January 2000"),
        ("{{age|1950|3|4|2000|1|2}}", "49"),
        ("{{as of|2010|5|lc=y}} {{As of|2010}} {{as of|2010|alt=today}}", "as of May 2010 As of 2010 today"),
        ("{{OldStyleDate|February 2|1905|January 20}}", "February 2 [O.S. January 20] 1905"),
        (
            "at {{coord|57|18|22|N|4|27|32|W|type:x}} and {{coord|57.3|N|4.5|W|display=inline}}",
            "at 57°18′22″N 4°27′32″W and 57.3°N 4.5°W",
        ),
        ("a {{coord|1|N|2|E|display=title}} b {{coord|1.5|2.5}} c", "a b c"),
        ("{{circa|1900}}", "c. 1900"),
        (
            "{{lang|fr|''bon''}} {{lang-de|gut}} {{langx|es|bueno}} {{transl|ru|ISO|da}}",
            "bon German: gut Spanish: bueno da",
        ),
        ("{{nihongo|Way|道|dō|lit. path}} {{nihongo||道|dō}}", "Way (道, dō, lit. path) 道 (dō)"),
        ("{{zh|c=中|p=zhōng}}", "Chinese: 中; pinyin: zhōng"),
        ("{{IPAc-en|ˈ|æ|b|ə}} {{IPA-de|ap}} {{IPA|fr|ap}} {{IPA|/a/}} {{respell|AB|ə}}", "/ˈæbə/ [ap] [ap] /a/ AB-ə"),
        ("{{nowrap|a b}} {{small|c}} {{abbr|d|e}} {{color|red|f}} {{nobold|1=g}}", "a b c d f g"),
        ("{{sup|2}}{{sub|3}} {{su|p=a|b=b}} 1<sup>a</sup> {{chem|H|2|O}} {{chem2|SO4(2-)}}", "²₃ ^a_b 1a H₂O SO₄²⁻"),
        ("{{angbr|a}} {{abs|x}} {{math|''x'' {{=}} 1}}", "⟨a⟩ |x| x = 1"),
        ("{{numero|5}}, {{no.|7}}, {{No. |8}}, {{no.}}", "No. 5, No. 7, No. 8, No."),
        ("a{{ndash}}b{{snd}}c{{nbsp}}d{{'}}s", "a–b – c d’s"),
        ("{{flag|France}} {{USA}} {{flagicon|ITA}}x {{flag|GER}}", "France United States x Germany"),
        ("{{HMS|Beagle}} {{USS|Monitor|1862|6}} {{ship|SS|Great|x}}", "HMS Beagle USS Monitor SS Great"),
        ("{{sortname|Ada|Lovelace}} {{sort|01|one}} {{ill|Name|de|Anders}}", "Ada Lovelace one Name"),
        ("{{hlist|a|b}} {{key press|Ctrl|C}}", "a, b Ctrl+C"),
        ("{{lc:ABC}} {{formatnum:12345}} {{PAGENAME}} {{ucfirst:x}}", "abc 12,345 Title X"),
        ("{{#if: a | b | c }} {{#if: | b | c }} {{#ifeq:a|a|yes|no}} {{#switch:b|a=1|b=2|3}}", "b c yes 2"),
        ("x {{citation needed|date=May}}, y{{cn}}.", "x, y."),
        ("It cost $5 (equal to {{Inflation|US|5|1900}} today).", "It cost $5."),
        ("a {{unknown thing|one text}} b {{other|x|y}} c", "a one text b c"),
        ("{{lang|de|{{nowrap|{{small|tief}}}}}}", "tief"),
        ("{{ {{dynamic}} |a}}b", "b"),
        ("{{harvtxt|Smith|1990}} and {{harvnb|Smith|Jones|1991|p=3}}", "Smith (1990) and Smith & Jones 1991"),
    ],
)
def test_templates_give_their_text(template: str, text: str) -> None:
    assert text_of(f"Z {template}") == f"Z {text}"


def test_a_template_stands_in_one_table_under_the_name_that_it_is_looked_up_by() -> None:
    assert not GIVERS.keys() & SIGNS.keys()
    assert [name for name in (*GIVERS, *SIGNS) if normal(name) != name] == []


def test_brackets_that_templates_leave_empty_go() -> None:
    assert text_of("A ({{coord|1|2|display=title}}) a ({{cn}}; b) c (d; {{cn}}) e") == "A a (b) c (d) e"


@pytest.mark.parametrize(
    "block",
    [
        "{{Infobox person\n| name = [[A]]\n| birth = {{birth date|1990|1|1}}\n}}",
        "{{Navbox|list={{hlist|a|b}}}}",
        "{{Some sidebar}}",
        "{{Unknown navigation|a|b}}",
        "{{About|this|that}}",
        '{| class="infobox"\n| a || b\n|}',
        "{{DEFAULTSORT:A, B}}",
        "{{#invoke:Chart|a}}",
    ],
)
def test_boxes_leave_nothing(block: str) -> None:
    assert text_of(f"Before.\n\n{block}\n\nAfter.") == "Before.\n\nAfter."


def test_quotations_and_lists_of_templates_are_blocks() -> None:
    assert text_of("He said: {{quote|Well.\n\nGood.|A. B.|A book}} And went.") == (
        "He said:\n\n> Well.\n\n> Good.\n\n> — A. B., A book\n\nAnd went."
    )
    assert (
        text_of("Things:\n{{unbulleted list|a|b}}\n{{div col}}\n* c\n{{div col end}}") == "Things:\n\n- a\n- b\n\n- c"
    )


TABLE = """{| class="wikitable"
|+ Title of it
! A !! style="x" | B<br>b
|-
| rowspan="2" | 1 || 2
|-
| [[x|y]] || colspan=2 align=left | 4<ref>n</ref>
|-
|
* p
* q
| {{yes}}
|}"""


def test_a_table_is_rows() -> None:
    assert text_of(f"T\n{TABLE}\nafter") == (
        "T\n\nTitle of it\n\n"
        "| A | B b |  |  |\n|---|---|---|---|\n| 1 | 2 |  |  |\n| 1 | y | 4 | 4 |\n| p, q | Yes |  |  |\n\nafter"
    )


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("{|\n| a\n| b\n|}", "| a | b |"),
        ("{|\n! a\n! b\n|-\n| c || d\n|}", "| a | b |\n|---|---|\n| c | d |"),
        ("{|\n! a\n| b\n|-\n! c\n| d\n|}", "| a | b |\n| c | d |"),
        ("{|\n| one\n|-\n| two\n|}", "one\n\ntwo"),
        ("{|\n|-\n|}", ""),
        ("{|\n| a ||\n{|\n| b\n| c\n|}\n|}", "| a | b, c |"),
        ("{|\n| a || b\n== Part ==\nText", "| a | b |\n\n## Part\n\nText"),
        (":{|\n| a || b\n|}", "| a | b |"),
        ("{{{!}} class=wikitable\n{{!}} a {{!!}} b\n{{!}}}", "| a | b |"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td class=x>d</td></tr></table>",
            "| a | b |\n|---|---|\n| c | d |",
        ),
        ("{|\n| colspan=2 {{n/a}}\n| x\n|}", "| N/A | N/A | x |"),
        ("{|\n! a !! b\n|-\n| colspan=2 | all of it\n|}", "| a | b |\n|---|---|\n| all of it |  |"),
    ],
)
def test_tables(table: str, text: str) -> None:
    assert text_of(f"T\n{table}").removeprefix("T").strip("\n") == text


def test_prefixes_of_links_are_the_sites_own() -> None:
    names = Names(frozenset({"datei"}), frozenset({"kategorie"}))
    assert text_of("a [[Datei:X.jpg|mini|b]]c [[Kategorie:D]]e", names) == "a c e"


def test_a_page_that_lists_meanings_is_none() -> None:
    assert article_of("A may be:\n* b\n{{disambig}}", "A") == Article("", is_disambiguation=True)
    assert article_of("* b\n{{Begriffsklärung}}", "A").is_disambiguation
    assert article_of("* b __DISAMBIG__", "A").is_disambiguation
    assert not article_of("See {{disambiguation needed}} b", "A").is_disambiguation
