"""Templates that give no running text: boxes, notes to editors, citations, navigation, layout."""

from __future__ import annotations

from pipeline.extraction.wikitext.names import names

# Values that the wiki computes: what stands around them in brackets makes no sense without.
LOSES = frozenset(
    names("""
inflation; inflation-year; inflation-fn; format price; currency; to usd; age in days; population; formatprice;
metadata population de; increase value; worldbank; us$ inflation
""")
)

_NAMES = frozenset(
    names("""
cite; citation; cit; vcite; cite web; r; rp; ref; refn; sfn; sfnp; sfnm; sfnref; harvid; efn; efn-ua; efn-lr;
efn-la; notetag; note; ref label; note label; nb; cref; cref2; cnote; ref-label; fn; fnb; reflist; references; refs;
notelist; notelist-ua; notes; refbegin; refend; rf; ref list; reference list; listaref; main; main article;
main articles; see; see also; seealso; see also2; further; further information; details; detail; about; about2;
other uses; otheruses; other uses2; otheruses4; other people; other places; other; for; for2; for multi; redirect;
redirect2; redirect-distinguish; redirect-multi; distinguish; distinguish2; not to be confused with; hatnote;
rellink; dablink; selfref; self reference; short description; this; two other uses; three other uses; year dab;
technical reasons; correct title; lowercase; lowercase title; italic title; italictitle; displaytitle; defaultsort;
coords; coordinates; coor; geodata; geogroup; geobox; toc; tocleft; tocright; toc left; toc right; toc limit;
compact toc; compacttoc; horizontal toc; toc hidden; clear; clr; clearleft; clearright; clear left; clear right; -;
br; break; stack; stack begin; stack end; div col; divcol; div col end; divcolend; end div col; div end; colbegin;
colend; col-begin; col-end; col-break; col-2; col-3; col-4; col-5; col begin; col end; col break; col div; multicol;
multicol-break; multicol-end; columns-start; columns-end; column; columns; col-float; col-float-end;
col-float-break; plainlist end; endplainlist; flatlist end; endflatlist; hlist end; top; bottom; portal; portal bar;
portal box; portal-inline; portalbar; commons; commons category; commonscat; commons cat; commons-inline;
commons category-inline; commons and category; sister project links; sisterlinks; sister project; sister;
sister bar; wikiquote; wikiquote-inline; wikibooks; wikisource; wikisource author; wikisource-inline;
wikisourcelang; wikispecies; wikivoyage; wiktionary; wiktionary-inline; wikinews; wikiversity; wikinews-inline;
wikidata; wikiatlas; wikimedia; wikicite; wikisource1911enc; spoken wikipedia; wikilivres; library resources box;
wikipedia books; books-inline; book; authority control; ac; normdaten; bots; nobots; inuse; good article;
featured article; featured list; ga; fa; fac; featured; link fa; link ga; stub; sect-stub; under construction;
citation needed; cn; fact; cb; facts; citation needed span; page needed; pn; page number needed; clarify; clarifyme;
what; which; which?; who; who?; whom?; when; when?; where; where?; why; why?; how; how?; vague; ambiguous;
verify source; verify credibility; vs; full; full citation needed; fcn; dead link; deadlink; dl; broken link;
link rot; better source; better source needed; bsn; unreliable source?; unreliable source; rs;
self-published inline; self-published source; failed verification; fv; not in citation given;
original research inline; or; or?; or-inline; dubious; disputed inline; disputed-inline; discuss; contradict-inline;
contradictory inline; opinion; pov-statement; pov statement; relevance inline; relevance?; importance inline;
elucidate; examples; example needed; explain; specify; fix; inconsistent; incomprehensible inline; by whom;
by whom?; according to whom; according to whom?; attribution needed; peacock term; weasel-inline; weasel inline;
weasel word; quantify; time needed; year needed; date missing; timefact; update after; update inline; update;
as of?; neologism inline; nonspecific; lead; undue-inline; undue weight inline; irrelevant citation;
third-party-inline; citation style; tone inline; synthesis-inline; syn; chronology citation needed; season needed;
volume needed; issn needed; isbn; issn; oclc; doi; pmid; pmc; arxiv; bibcode; jstor; lccn; asin; mr; zbl;
google books; gutenberg; gutenberg author; librivox author; internet archive author; internet archive;
internet archive film; official website; official; official site; url; imdb name; imdb title; imdb; imdb episode;
find a grave; findagrave; dmoz; curlie; youtube; twitter; facebook; instagram; webarchive; wayback; webcite; wbm;
open access; closed access; subscription required; subscription; registration required; paywall; sep entry; sep;
iep; inpho; philpapers; mathworld; worldcat; worldcat id; worldcat subject; bbc programme; in our time;
cia world factbook link; cia world factbook; osmrelation-inline; goodreads author; isfdb name; openlibrary;
ol author; nytimes topics; nytopic; nyttopic; guardian topic; iucn; itis; eol; multiple image; double image;
triple image; wide image; tall image; panorama; image; image label; image label begin; image label end;
annotated image; photomontage; superimpose; css image crop; listen; audio; multi-listen start; multi-listen item;
multi-listen end; video; external media; external image; image array; gallery; image frame; auto images;
chess diagram; location map; location map many; location map+; location map~; maplink; mapframe; osm location map;
graph:chart; graph:lines; bartable; bar box; bar percent; bar chart; bar graph; pie chart; chart; chart/start;
chart/end; chart top; chart bottom; tree chart; tree chart/start; tree chart/end; family tree; familytree;
familytree/start; familytree/end; ahnentafel; ahnentafel top; ahnentafel bottom; ahnentafel-compact5; clade; cladex;
cladogram; clades; legend; legend2; legend inline; legend-line; color box; colorbox; colour box; color sample;
timeline; historical populations; us census population; weather box; climate chart; flagicon; flag icon; flagdeco;
flag link icon; fbicon; flagicon image; flagg; flagsport; noflag; icon; sort key; hs; hidden sort key; hidden begin;
hidden end; hidden top; hidden bottom; collapse top; collapse bottom; collapse; cot; cob; anchor; anchors; shortcut;
wikify; copyedit; cleanup; merge; merge from; merge to; mergefrom; mergeto; split; move; multiple issues;
article issues; issues; refimprove; unreferenced; more citations needed; more footnotes; no footnotes;
primary sources; one source; original research; pov; npov; disputed; globalize; expand; expand section;
expand language; expand list; empty section; unsourced; blp sources; blp unsourced; orphan; notability; advert; coi;
tone; essay-like; lead too short; lead rewrite; lead too long; lead missing; very long; overlinked; underlinked;
technical; confusing; context; prose; incomplete; incomplete list; dynamic list; howto; in-universe; plot; trivia;
in popular culture; refimprove section; unreferenced section; cleanup section; better; recentism; current;
current event; recent death; rotten tomatoes; metacritic film; pp; protected; protection; semiprotected; prod; afd;
afdm; csd; db; proposed deletion; succession box; s-start; s-end; s-bef; s-ttl; s-aft; s-break; s-inc; s-non; s-new;
s-vac; s-off; s-par; s-reg; s-ach; s-sports; s-hou; s-rel; s-aca; s-legal; s-bus; s-media; s-awards; s-civ; s-dip;
s-mil; s-prec; start box; end box; start; end; end box; navboxes; navbox; navbar; nav; nav header; subject bar;
sidebar; taxonbar; speciesbox; taxobox; automatic taxobox; subspeciesbox; hybridbox; paraphyletic group; drugbox;
chembox; persondata; geographic location; adjacent communities; adjacent stations; compass; neighbouring; s-rail;
rail line; s-line; bs-map; routemap; jctint; track listing; tracklist; album ratings; music ratings;
video game reviews; external links; linkfarm; link language; language icon; in lang; en icon; icon language;
fix-span; nomorelinks; no more links; r; hidden; void; null; nothing; end of list; dictionary; wp; template other;
tl; tlx; ns has subpages; category handler; pagelist; db-g; transclude; excerpt; lst; section link; slink;
crossreference; crossref; xref; rellink; ipa notice; contains special characters; contains chinese text;
contains japanese text; contains indic text; specialchars; nonfree; non-free; clear all; spoiler; endspoiler;
attached kml; gbmapping; gbm4ibx; inconsistent citations; loop; sup ref; abbreviated citation; sfnote; harvc;
wikicitation; bibleref; bibleverse-lb; lsj; perseus; redbook2005; goldbookref; statedept; army.mil; gpo; loc;
source-attribution; source attribution; public domain; eb1911; catholic; cite eb1911; 1911; ws; pd-notice;
nie poster; schaff-herzog; dnb; acad; venn; engvarb; copied; annual readership; oclc; hmong; notice; caution;
warning; ambox; mbox; ombox; tmbox; cmbox; fmbox; dmbox; asbox; editnotice; use; icd9; icd10; mesh; omim; doc;
documentation; bce needed; mp; user; ping; unsigned; zh icon; ref name; audio-ipa; pronunciation audio; ogg; spoken;
wdl
""")
) - {"hidden", "vs", "current"}

_PREFIXES = (
    *(
        "cite ",
        "cite-",
        "citation/",
        "vcite ",
        "vancite ",
        "infobox",
        "taxobox",
        "navbox",
        "sidebar",
        "use ",
        "pp-",
        "r from",
    ),
    *(
        "r to ",
        "r with ",
        "stub",
        "wikiproject",
        "campaignbox",
        "bs-",
        "bs2",
        "s-",
        "tocs",
        "user ",
        "userbox",
        "expand ",
        "cleanup",
    ),
    *(
        "cleanup-",
        "refimprove",
        "unreferenced",
        "article for",
        "more citations",
        "more footnotes",
        "merge ",
        "split ",
        "move ",
    ),
    *(
        "graph:",
        "chart/",
        "location map",
        "attached ",
        "contains ",
        "commons",
        "wikisource",
        "wikibooks",
        "wikiquote",
        "speciesbox",
    ),
    *(
        "automatic taxobox",
        "did you know",
        "copied",
        "translated",
        "db-",
        "protected",
        "commonscat",
        "familytree",
        "tree chart",
    ),
    *(
        "internet archive",
        "librivox",
        "dmoz",
        "imdb ",
        "rotten-tomatoes",
        "metacritic",
        "iucn",
        "itis",
        "catalog lookup",
        "col-",
    ),
    *(
        "multi-listen",
        "listen",
        "external ",
        "lang icon",
        "flagicon",
        "flag icon",
        "engvar",
        "ambox",
        "countries of ",
        "countries and ",
    ),
    *(
        "presidents of ",
        "politics of ",
        "economy of ",
        "history of ",
        "regions of ",
        "languages of ",
        "cities of ",
        "members of ",
    ),
    *(
        "wikipedia ",
        "gutenberg",
        "project gutenberg",
        "geobox",
        "ipa chart",
        "episode list",
        "football box",
        "footballbox",
        "fb cl",
    ),
    *(
        "no footnotes",
        "not verified",
        "original research",
        "citations",
        "more ",
        "too many ",
        "update ",
        "year nav",
        "month nav",
    ),
)
_SUFFIXES = (
    *(
        " icon",
        "-stub",
        " stub",
        " navbox",
        " sidebar",
        " topics",
        " footer",
        " infobox",
        " in topic",
        " box",
        "-inline",
        " inline",
    ),
    *(
        " needed",
        " template",
        " series",
        " nav",
        " navigation",
        " tracks",
        " seasons",
        " squad",
        " roster",
        " cladogram",
        " taxonomy",
    ),
)


def is_without_text(name: str) -> bool:
    """Whether a template gives nothing that belongs into running text, by its name in lower case."""
    return name in _NAMES or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES)
