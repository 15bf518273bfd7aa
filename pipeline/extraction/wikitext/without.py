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
cite; citation; cit; vcite; r; rp; ref; refn; sfn; sfnp; sfnm; sfnref; harvid; efn; efn-ua; efn-lr; efn-la; notetag;
note; ref label; note label; cref; cref2; cnote; ref-label; fn; fnb; reflist; references; refs; notelist;
notelist-ua; notes; refbegin; refend; rf; ref list; reference list; listaref; main; main article; main articles;
see; see also; seealso; see also2; further; further information; details; detail; about; about2; other uses;
otheruses; other uses2; otheruses4; other people; other places; other; for; for2; for multi; redirect; redirect2;
redirect-distinguish; redirect-multi; distinguish; distinguish2; not to be confused with; hatnote; rellink; dablink;
selfref; self reference; short description; this; two other uses; three other uses; year dab; technical reasons;
correct title; lowercase; lowercase title; italic title; italictitle; displaytitle; defaultsort; coords;
coordinates; coor; geodata; geogroup; toc; tocleft; tocright; toc left; toc right; toc limit; compact toc;
compacttoc; horizontal toc; toc hidden; clear; clr; clearleft; clearright; clear left; clear right; -; br; break;
stack; stack begin; stack end; div col; divcol; div col end; divcolend; end div col; div end; colbegin; colend;
col begin; col end; col break; col div; multicol; multicol-break; multicol-end; columns-start; columns-end; column;
columns; plainlist end; flatlist end; endflatlist; hlist end; top; bottom; portal; portal bar; portalbar;
sister project links; sisterlinks; sister project; sister; sister bar; wikispecies; wikivoyage; wiktionary;
wikinews; wikiversity; wikidata; wikiatlas; wikimedia; wikicite; spoken wikipedia; wikilivres; book;
authority control; ac; normdaten; bots; nobots; inuse; good article; featured article; featured list; ga; fa; fac;
featured; link fa; link ga; under construction; cn; fact; cb; facts; citation needed span; pn; clarify; clarifyme;
what; which; which?; who; who?; whom?; when; when?; where; where?; why; why?; how; how?; vague; ambiguous;
verify source; verify credibility; full; fcn; dead link; deadlink; dl; broken link; link rot; better source; bsn;
unreliable source?; unreliable source; rs; self-published source; failed verification; fv; not in citation given;
or; or?; dubious; discuss; opinion; pov-statement; pov statement; relevance?; elucidate; examples; explain; specify;
fix; inconsistent; by whom; by whom?; according to whom; according to whom?; peacock term; weasel word; quantify;
date missing; timefact; update; as of?; nonspecific; lead; irrelevant citation; citation style; syn; isbn; issn;
oclc; doi; pmid; pmc; arxiv; bibcode; jstor; lccn; asin; mr; zbl; google books; official website; official;
official site; url; imdb; find a grave; findagrave; curlie; youtube; twitter; facebook; instagram; webarchive;
wayback; webcite; wbm; open access; closed access; subscription required; subscription; registration required;
paywall; sep entry; sep; iep; inpho; philpapers; mathworld; worldcat; worldcat id; worldcat subject; bbc programme;
in our time; cia world factbook link; cia world factbook; goodreads author; isfdb name; openlibrary; ol author;
nytopic; nyttopic; guardian topic; eol; multiple image; double image; triple image; wide image; tall image;
panorama; image; image label; image label begin; image label end; annotated image; photomontage; superimpose;
css image crop; audio; video; image array; gallery; image frame; auto images; chess diagram; maplink; mapframe;
osm location map; bartable; bar percent; bar chart; bar graph; pie chart; chart; chart top; chart bottom;
family tree; ahnentafel; ahnentafel top; ahnentafel bottom; ahnentafel-compact5; clade; cladex; cladogram; clades;
legend; legend2; legend-line; colorbox; color sample; timeline; historical populations; us census population;
climate chart; flagdeco; fbicon; flagg; flagsport; noflag; icon; sort key; hs; hidden sort key; hidden begin;
hidden end; hidden top; hidden bottom; collapse top; collapse bottom; collapse; cot; cob; anchor; anchors; shortcut;
wikify; copyedit; merge; mergefrom; mergeto; split; move; multiple issues; article issues; issues; primary sources;
one source; pov; npov; disputed; globalize; expand; empty section; unsourced; blp sources; blp unsourced; orphan;
notability; advert; coi; tone; essay-like; lead too short; lead rewrite; lead too long; lead missing; very long;
overlinked; underlinked; technical; confusing; context; prose; incomplete; incomplete list; dynamic list; howto;
in-universe; plot; trivia; in popular culture; better; recentism; current event; recent death; rotten tomatoes; pp;
protection; semiprotected; prod; afd; afdm; csd; db; proposed deletion; start; end; navbar; nav; nav header;
subject bar; taxonbar; subspeciesbox; hybridbox; paraphyletic group; drugbox; chembox; persondata;
geographic location; adjacent communities; adjacent stations; compass; neighbouring; rail line; routemap; jctint;
track listing; tracklist; album ratings; music ratings; video game reviews; linkfarm; link language; in lang;
icon language; fix-span; nomorelinks; no more links; void; null; nothing; end of list; dictionary; wp;
template other; tl; tlx; ns has subpages; category handler; pagelist; transclude; excerpt; lst; section link; slink;
crossreference; crossref; xref; ipa notice; specialchars; nonfree; non-free; clear all; spoiler; endspoiler;
gbmapping; gbm4ibx; inconsistent citations; loop; sup ref; abbreviated citation; sfnote; harvc; wikicitation;
bibleref; bibleverse-lb; lsj; perseus; redbook2005; goldbookref; statedept; army.mil; gpo; loc; source-attribution;
source attribution; public domain; eb1911; catholic; 1911; ws; pd-notice; nie poster; schaff-herzog; dnb; acad;
venn; annual readership; hmong; notice; caution; warning; mbox; ombox; tmbox; cmbox; fmbox; dmbox; asbox;
editnotice; use; icd9; icd10; mesh; omim; doc; documentation; mp; user; ping; unsigned; ref name; audio-ipa;
pronunciation audio; ogg; spoken; wdl
""")
)


def _parts(text: str) -> tuple[str, ...]:
    """Parts of names separated by semicolons; `_` is a space."""
    return tuple(part.replace("_", " ") for part in names(text))


_PREFIXES = _parts("""
cite_; cite-; citation/; vcite_; vancite_; infobox; taxobox; navbox; sidebar; use_; pp-; r_from; r_to_; r_with_;
stub; wikiproject; campaignbox; bs-; bs2; s-; tocs; user_; userbox; expand_; cleanup; refimprove; unreferenced;
article_for; merge_; split_; move_; graph:; chart/; location_map; attached_; contains_; commons; wikisource;
wikibooks; wikiquote; speciesbox; automatic_taxobox; did_you_know; copied; translated; db-; protected; familytree;
tree_chart; internet_archive; librivox; dmoz; imdb_; rotten-tomatoes; metacritic; iucn; itis; catalog_lookup; col-;
multi-listen; listen; external_; lang_icon; flagicon; flag_icon; engvar; ambox; countries_of_; countries_and_;
presidents_of_; politics_of_; economy_of_; history_of_; regions_of_; languages_of_; cities_of_; members_of_;
wikipedia_; gutenberg; project_gutenberg; geobox; ipa_chart; episode_list; football_box; footballbox; fb_cl;
no_footnotes; not_verified; original_research; citations; more_; too_many_; update_; year_nav; month_nav
""")
_SUFFIXES = _parts("""
_icon; -stub; _stub; _navbox; _sidebar; _topics; _footer; _infobox; _in_topic; _box; -inline; _inline; _needed;
_template; _series; _nav; _navigation; _tracks; _seasons; _squad; _roster; _cladogram; _taxonomy
""")


def is_without_text(name: str) -> bool:
    """Whether a template gives nothing that belongs into running text, by its name in lower case."""
    return name in _NAMES or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES)
