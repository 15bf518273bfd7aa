"""The templates that carry text, by name, and what each gives of its arguments. No argument is given twice.

(If one were, forty of them within each other would fill the memory.) The names are those of the English Wikipedia, from
which others have most of theirs; forms as its documentation pages describe them.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.extraction.wikitext import measures
from pipeline.extraction.wikitext.arguments import Arguments
from pipeline.extraction.wikitext.lists import LISTS, TABLE_CELLS
from pipeline.extraction.wikitext.marks import CELL, PIPE, QUOTE, QUOTE_END, line
from pipeline.extraction.wikitext.measures import subscript, superscript
from pipeline.extraction.wikitext.names import COUNTRIES, names
from pipeline.extraction.wikitext.speech import SPEECH, around

Giver = Callable[[Arguments], str]


def _first(arguments: Arguments) -> str:
    return arguments.get("1", "text", "content")


def _second(arguments: Arguments) -> str:
    return arguments.get("2")


def _quote(arguments: Arguments) -> str:
    """The words on lines of their own, and whose they are."""
    text = arguments.get("text", "quote", "1", "content", "quotetext")
    who = arguments.get("author", "sign", "cite", "2") if "quote" not in arguments.by_name else arguments.get("author")
    where = arguments.get("source", "title", "3")
    return _quotation(text, who, where)


def _pull_quote(arguments: Arguments) -> str:
    """{{cquote|words|width|height|author|source}}."""
    text = arguments.get("1", "text", "quote")
    return _quotation(text, arguments.get("author", "4"), arguments.get("source", "5"))


def _quotation(text: str, *whose: str) -> str:
    signed = ", ".join(each for each in whose if each)
    return line(QUOTE) + text + (f"\n\n— {signed}" if signed else "") + line(QUOTE_END) if text else ""


def _two(arguments: Arguments) -> str:
    """{{ship|HMS|Victory|1765}}, {{sortname|First|Last}}: the first two arguments."""
    return " ".join(arguments.positional()[:2])


def _ship_of(prefix: str) -> Giver:
    def give(arguments: Arguments) -> str:
        """{{USS|Enterprise|CV-6|form}}; the number that tells ships of one name apart is shown in brackets."""
        name, number, form = (arguments.get(place) for place in ("1", "2", "3"))
        brackets = f" ({number})" if number and form not in ("2", "3", "6") else ""
        return f"{prefix} {name}{brackets}"

    return give


def _joined(arguments: Arguments) -> str:
    """{{unité|12|km}}: all arguments as they stand."""
    return " ".join(arguments.positional()[:6])


def _flag(arguments: Arguments) -> str:
    name = arguments.get("name") or arguments.get("1")
    return COUNTRIES.get(name, name)


def _inter_language(arguments: Arguments) -> str:
    return arguments.get("lt") or arguments.get("1")


def _harvard(*, year: str) -> Giver:
    def give(arguments: Arguments) -> str:
        """{{harvtxt|Smith|Jones|1990}}: names, then the year; `year` says how it is written."""
        *names, last = arguments.positional() or [""]
        return f"{' & '.join(names[:3])}{year.format(last)}" if names else last

    return give


def _circa(arguments: Arguments) -> str:
    values = arguments.positional()
    return " – ".join(f"c. {value}" for value in values) or "c."


def _reign(arguments: Arguments) -> str:
    return "r. " + "–".join(arguments.positional())


def _above_below(arguments: Arguments) -> str:
    return superscript(arguments.get("p", "1")) + subscript(arguments.get("b", "2"))


def _nuclide(arguments: Arguments) -> str:
    """{{SimpleNuclide|Carbon|14}}, {{nuclide|carbon|14}}: carbon-14."""
    return "-".join(arguments.positional()[:2])


def _absolute(arguments: Arguments) -> str:
    return f"{PIPE}{arguments.get('1')}{PIPE}"


def _keys(arguments: Arguments) -> str:
    return "+".join(arguments.positional())


def _or_else(instead: str) -> Giver:
    def give(arguments: Arguments) -> str:
        """The first argument, or what the template shows without one."""
        return arguments.get("1") or instead

    return give


def _cell(instead: str) -> Giver:
    def give(arguments: Arguments) -> str:
        """The same for a cell of a table, whose attributes the template gives too."""
        return CELL + (arguments.get("1") or instead)

    return give


def _sort(arguments: Arguments) -> str:
    return arguments.get("2") or arguments.get("1")


def _verse(arguments: Arguments) -> str:
    return line(QUOTE) + "\n\n".join(arguments.positional()[:2]) + line(QUOTE_END)


GIVERS: dict[str, Giver] = {
    **TABLE_CELLS,
    **LISTS,
    **SPEECH,
    **dict.fromkeys(
        names("""
nowrap; nobr; no wrap; j; small; smaller; big; large; larger; resize; font; sc; smallcaps; small caps; sc2; caps;
smallcaps all; sc1; em; strong; strongbad; bold; italic; mono; code; codett; tt; var; mvar; math; bigmath; pre2;
abbr; abbreviation; tooltip; define; vanchor; visible anchor; anchord; center; centre; centered; left; right;
block indent; blockindent; in5; indent; nobold; noitalic; noitalics; normal; linktext; wikt-lang; unicode; script;
nastaliq; rtl-lang; native name; polytonic; hebrew; hebr; arabic; ivrit; cyrl; runic; gothic; sronly; plain text;
sic; highlight; hidden; underline; u; overline; strikethrough; s; del; ins; subst; abbrlink; flagcountry; flagu;
small dates; hide in print; only in print; no selflink; self-reference link; longitem; transh; lang-en; not a typo;
proper name; as written; interp; bracket text; dfn; term; defn; gloss; notatypo; nts; ntsh; number table sorting;
formatnum; non-album single; film date; tone inline text; chset-cell1; gene; genus; species; taxon; mathcal;
smallsup
"""),
        _first,
    ),
    **dict.fromkeys(
        names("color; colour; font color; colored text; align; resize text; background color; text color"), _second
    ),
    **dict.fromkeys(
        names(
            """quote; blockquote; bquote; quotation; quote frame; poem quote; poemquote; long quote; bq; quotetext;
            zitat; cita; citation bloc; citazione; цитата; citaat; 引用"""
        ),
        _quote,
    ),
    **dict.fromkeys(
        names("cquote; rquote; centered pull quote; pull quote; quote box; quote box2; quotebox; cquote2"), _pull_quote
    ),
    "verse translation": _verse,
    "ipa link": _first,
    "ipalink": _first,
    "ipa all": _first,
    "brace": around("{", "}"),
    "bra": around("⟨", PIPE),
    "ket": around(PIPE, "⟩"),
    "abs": _absolute,
    "sqrt": around("√"),
    "radic": around("√"),
    "sup": lambda arguments: superscript(arguments.get("1")),
    "sub": lambda arguments: subscript(arguments.get("1")),
    "su": _above_below,
    "subsup": lambda arguments: arguments.get("1") + subscript(arguments.get("2")) + superscript(arguments.get("3")),
    "simplenuclide": _nuclide,
    "simplenuclide2": _nuclide,
    "nuclide": _nuclide,
    "nuclide2": _nuclide,
    "chem": measures.formula,
    "chem2": measures.formula_in_one,
    **dict.fromkeys(names("convert; cvt; converted; height; convinfobox"), measures.convert),
    "val": measures.val,
    "e": lambda arguments: measures.power_of_ten(arguments.get("1")),
    "esp": lambda arguments: measures.power_of_ten(arguments.get("1")),
    "10^": lambda arguments: "10" + superscript(arguments.get("1")),
    "exp": lambda arguments: arguments.get("1") + superscript(arguments.get("2")),
    "gaps": lambda arguments: "".join(arguments.positional()),
    **dict.fromkeys(names("frac; fraction; sfrac; tfrac; dfrac; xfrac; fract; ratio"), measures.fraction),
    "num": lambda arguments: measures.thousands(arguments.get("1")),
    **dict.fromkeys(names("us$; usd; us dollar"), lambda arguments: measures.money("US$", arguments)),
    **dict.fromkeys(names("£; gbp; pound sterling; £sd"), lambda arguments: measures.money("£", arguments)),
    **dict.fromkeys(names("€; eur"), lambda arguments: measures.money("€", arguments)),
    **dict.fromkeys(names("¥; jpy; jpy convert; cny; rmb"), lambda arguments: measures.money("¥", arguments)),
    **dict.fromkeys(names("inr; indian rupee; ₹; inrconvert"), lambda arguments: measures.money("₹", arguments)),
    "a$": lambda arguments: measures.money("A$", arguments),
    "aud": lambda arguments: measures.money("A$", arguments),
    "ca$": lambda arguments: measures.money("CA$", arguments),
    "cad": lambda arguments: measures.money("CA$", arguments),
    "nz$": lambda arguments: measures.money("NZ$", arguments),
    "railgauge": _first,
    "track gauge": _first,
    **dict.fromkeys(
        names(
            "birth date; birth date and age; start date; start date and age; end date; dts; date table sorting; dtsh;"
            "start-date; end-date; bda; dob; release date; film release date; start date text; date"
        ),
        measures.date,
    ),
    **dict.fromkeys(
        names("death date; death date and age; dda; death-date; birth-date; death-date and age"), measures.date
    ),
    **dict.fromkeys(names("birth year and age; birth year; death year and age; death year"), _first),
    **dict.fromkeys(names("as of; asof"), measures.as_of),
    **dict.fromkeys(names("age; age in years"), measures.age),
    **dict.fromkeys(names("circa; c.; ca.; c; ca; approx"), _circa),
    "floruit": around("fl. "),
    "fl.": around("fl. "),
    "reign": _reign,
    "r.": _reign,
    "born": around("born "),
    "died": around("died "),
    "marriage": _first,
    "ship": _two,
    **{
        name.lower(): _ship_of(name)
        for name in names("USS; HMS; HMAS; HMCS; RMS; SS; SMS; MV; MS; USCGC; USNS; INS; HMNZS; RV")
    },
    **dict.fromkeys(names("sortname; sort name; hs name; namesort"), _two),
    **dict.fromkeys(
        names(
            "flag; flagcountry; flag country; country; flagathlete; flagteam; fb; fb-rt; nft; nwft; cr; ru; rl; army; "
            "navy; air force; bk; ih; vb; hb; flag+link; flagdeco+link; flaglist; marines"
        ),
        _flag,
    ),
    **dict.fromkeys(
        names("ill; interlanguage link; interlanguage link multi; link-interwiki; illm; ilm; iw2"), _inter_language
    ),
    **dict.fromkeys(names("harv; harvard citation; harvp; harvard citations"), _harvard(year=" {}")),
    **dict.fromkeys(names("harvnb; harvard citation no brackets; harvnb1"), _harvard(year=" {}")),
    **dict.fromkeys(names("harvtxt; harvard citation text"), _harvard(year=" ({})")),
    **dict.fromkeys(names("key press; keypress; kbd; key; keys"), _keys),
    **dict.fromkeys(names("sort; sorttext; hidden sort; sortdate; wikt; see below"), _sort),
    **dict.fromkeys(names("yes; yes2; yes c; tableyes; aye; y"), _cell("Yes")),
    **dict.fromkeys(names("no; no2; no c; nay; n"), _cell("No")),
    **dict.fromkeys(names("n/a; na; n.a."), _cell("N/A")),
    **dict.fromkeys(names("nom; nominated"), _cell("Nominated")),
    **dict.fromkeys(names("dunno; ?"), _cell("?")),
    **{
        name.lower(): _cell(name)
        for name in names(
            "Won; Partial; Some; Unknown; TBA; Pending; Maybe; Free; Included; Yes/No; Draw; Lost; Optional"
        )
    },
    "cmain": _cell("Main"),
    "crecurring": _cell("Recurring"),
    "cguest": _cell("Guest"),
    "coord": measures.coordinates,
    **dict.fromkeys(names("unité; unite; unidad; nombre; nb; число"), _joined),
    "datum": lambda arguments: ".".join(arguments.positional()[:3]),
    '"': lambda arguments: f"“{arguments.get('1')}”" if arguments.places else "”",
    "oldstyledate": measures.old_style_date,
    "old style date": measures.old_style_date,
    "vs.": _or_else("vs."),
    "'": lambda arguments: "’",
    "a.d.": lambda arguments: "AD",
    "ce": lambda arguments: arguments.get("1") + " CE",
    "bce": lambda arguments: arguments.get("1") + " BCE",
    "p.": around("p. "),
    "pp.": around("pp. "),
    "vol.": around("vol. "),
    **dict.fromkeys(("no.", "numero"), lambda arguments: f"No. {arguments.get('1')}"),
    "snd": lambda arguments: " – ",
    "music": lambda arguments: {"sharp": "♯", "#": "♯", "flat": "♭", "b": "♭", "natural": "♮"}.get(
        arguments.get("1"), arguments.get("1")
    ),
}

PLACES = frozenset(names("coord; coor"))
"""Templates that give a place on Earth: the article's own where they stand alone."""
