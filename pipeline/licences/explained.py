"""Whether a sentence beside a licence says only what may stand there: who, when, what, from where, under which name.

Default-closed: no list of what restricts, but of what does not. A sentence is explained by addresses, names and the
words of its kinds (copyright lines, titles, where a work comes from, which licence holds, disclaimers); one other
word, and nobody knows what it says.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from pipeline.licences.alignment import GRAM
from pipeline.licences.harmless import GIVING, LEFT_OUT, speaks_of_rights
from pipeline.licences.index import Index
from pipeline.licences.matching import PUT_IN
from pipeline.licences.taxonomy import PERMISSIVE, PUBLIC_DOMAIN, class_of_id
from pipeline.licences.templates import DISCLAIMING, exceptions, ordinary_words
from pipeline.licences.words import Words, words_of

_ADDRESS: Final = re.compile(
    r"<[^<>\n]{0,40}\b(?:at|AT)\b[^<>\n]{0,60}>|<?\b(?:https?|ftp|git|svn|ssh)://\S{1,500}|\bwww\.\S{1,500}"
    r"|<?[\w.+-]{1,64}(?:@| at | ?\(at\) ?| ?\[at\] ?)[\w-]{1,64}(?:(?:\.| \[dot\] )[\w-]{1,64}){1,8}>?"
    r"|[\w.*{}~+-]{0,100}/[\w./*{},~+@-]{1,500}"
    r"|\b[\w*-]{1,64}(?:\.[\w*-]{1,64}){1,8}\b"
    r"|(?<=\s)--?[a-z][\w-]{0,40}(?:=\S{1,200})?|\b\w{0,64}_\w{1,64}\b|`[^`\s]{1,100}[`']|\b\w+\(\)"
)
"""Addresses of the web and of mail, paths, names of files and of code."""
_PHRASES: Final = re.compile(
    r"\b(?:all|some) rights? (?:are )?reserved\b|\ball rights?(?=\W*$)|^\W*(?:rights )?reserved\b"
    r"|\byou may not use (?:this|these) \w+ except in compliance with (?:the|this)(?: \w+){0,3} licen[cs]e\b"
    r"|\byou may obtain a copy of (?:the|this)(?: \w+){0,3} licen[cs]e(?: at)?"
    r"|\b(?:a copy of which|you can obtain one|a copy of the licen[cs]e (?:can|may) be (?:found|obtained)) (?:at|in|from)\b"
    r"|\blicensed to the apache software foundation(?: \(asf\))? under one or more contributor licen[cs]e agreements?\b"
    r"|\b(?:hereby )?licenses this \w+ to you\b|\(?(?:®|™|\(tm\)|\(r\))"
    r"|[\[<{(](?:yyyy|xxxx|year|dates?|names?|full ?name|authors?|owners?|holders?|copyright|organization|project|email|institution|insert)"
    r"\b[\w ',/-]{0,60}[\]>})]"
    r"|\bunless (?:required by applicable law|(?:otherwise )?(?:noted|stated|specified|indicated|mentioned)(?: otherwise| below| above)?)"
    r"(?: or agreed to in writing)?\b|\bexcept (?:where|as) otherwise (?:noted|stated|specified|indicated)\b"
    r"|\bsee the notice file distributed with this work for (?:additional )?information(?: regarding copyright ownership)?\b"
    r"|\bdistributed on an \W{0,3}as is\W{0,3} basis,?(?: without warranties or conditions of any kind)?\b(?:,? either express or implied)?"
    r"|\b(?:use of )?this (?:source code|software|file|project) is (?:governed|covered) by\b"
    r"|\b(?:that )?(?:can|may|should|could|will) (?:also )?(?:be|have been) (?:found|obtained|included|downloaded|reached|contacted|seen)\b"
    r"|\byou should (?:also )?have received a copy\b|\bif not,? (?:see|write to|please)\b"
    r"|\b(?:at your option|your choice|you may choose|you can choose|whichever you (?:prefer|like))\b"
    r"|\b(?:see|refer to) (?:the )?(?:file )?(?:licen[cs]e|copying)\b|\bplease (?:also )?(?:see|refer|read)\b"
    r"|\bfor (?:more |further |full |additional |copyright |the )?(?:(?:and )?licen[cs](?:e|ing) )?(?:details?|information|full text|terms)\b"
    r"|\bin the hope that (?:it|they) will be useful\b|\bfor the specific language governing (?:permissions|rights) and limitations(?: under)?\b"
    r"|\bwithout (?:any )?(?:express or implied )?warrant(?:y|ies)(?: of any kind)?\b"
    r"|\bsubject to the following conditions\b|\bterms of use\b|\b(?:neither|nor) the\b(?: names?\b)?(?: of\b)?|\bhas the (?:full )?rights? to publish\b"
    r"|\bsince we would like to make the \w+ available for broadest use, with as few restrictions as possible\b"
    r"|\bi am providing code and resources in this repository to you under an open source licen[cs]e\b"
    r"|\bbecause this is my personal repository, the licen[cs]e you receive to my code[^.]*"
    r"|\ba copy of (?:the|this) licen[cs]e\b|^\W*of use\W*$"
    r"|\b(?:the )?names? (?:and trademarks )?of [^.]{0,120}\b(?:may|shall|must) not be used (?:in|to|for)"
    r" [^.]{0,60}(?:advertis|publicity|endors|promot)[^.]{0,200}"
    r"|\bfor use in the (?:\w+ ){1,6}project\b|\ba non-?profit organi[sz]ation dedicated to [\w ]{3,60} available\b"
    r"|\bpromotional slogan for author's professional practice\b|\[ ?such additional provisions, if any, as appear in [^\]]{0,120}"
    r"|-\*-.{0,80}?-\*-|\b(?:noqa|ruff|pylint|flake8|mypy|eslint\S*|yapf|isort|lint as)\s*:[^\n]{0,80}|\bpyre-\w+"
    r"|\b(?:do not|should not be|don't) (?:edit|edited|modify)\b(?: by hand| manually| this file| it)?"
    r"|\b(?:you can obtain a copy|found) in the (?:file )?licen[cs]e(?: file)?\b|\bor copy at\b|\byou can contact the author\b|\bin short\b"
    r"|\bis not (?:directly )?(?:used when building|linked|part of|included|installed|subject to us)\b|\bis a sponsoring member of\b"
    r"|\bwas a sponsoring member of\b|\bprovided for free but\b|^licen[cs]e (?:for|of) \S+(?: except \S+)?$|^none\b|\bnot subject to us\b"
    r"|\bgave \w+ permission to include it under\b|\bdepending on how it is built, this \w+ may distribute\b"
    r"|\bplease (?:also )?refer to the file\b|\bconsisted solely of adding\b|\bif the files\b|\buse the (?:\w+ )?[\w -]{1,20} licen[cs]e\b"
    r"|\bplease avoid changing it manually\b|\buntil the final\b|\bsee the copyright notice below for details on redistribution\W+restrictions\b"
    r"|\bdoes not include third-party code\b|\bis not copyrighted\b|\bare not applicable and have not been included\b|\bwas added only in\b"
    r"|\bmember of the\b|\bis approved by the osi and fsf as gpl-compatible\b|\bwith permission\b|\bto report bugs, follow the instructions\b"
    r"|\blicensed (?:as follows|under the following)\b|\bor alternatively you may use this software under any osi approved open source licen[cs]e\b"
    r"|\buses a copyright model similar to \w+\W*(?:each contributor holds)?|\bif a contributor wants to further mark their specific copyright\b"
    r"|\bthey should indicate their copyright solely in the commit message of the change when it is committed\b"
    r"|\bcopyright over their contributions\b|\brecords all such contribution and copyright details\b"
    r"|\bexcept the contents of the \W{0,3}\w+\W{0,3} director(?:y|ies)\b|\bowned by the owner of the input file used when generating it\b"
    r"|\bis not standalone and requires a support library to be linked with it\b|\balong with\b|\bcan be read\b"
    r"|\bpermission is granted to copy, distribute and or\b(?: modify this \w+)?|\bwith exceptions noted below\b|\bagreed upon by most contributors\b"
    r"|\badditional copyrights? may follow\b|\byou can report (?:issues|bugs)\b(?: or suggest changes)?|\bis repacked in order to exclude\b[^.]{0,120}"
    r"|\bhas no copyright assigned\b|\bwhen (?:he|she|they) (?:was|were) with\b|\bshould use this licen[cs]e statement where possible\b"
    r"|\bcontributions (?:to|towards) \S+"
    r"|\bMay,? (?=\d)|\bno copyright (?:is )?claimed\b|\bfor use under the terms of\b|\bmay be used under the (?:conditions|terms) of\b"
    r"|\byou may use this \w+ under either\b|\bthis is a template\b|\bcomplete and ship as file licen[cs]e the following \d lines"
    r"|\ball such code will be identified clearly using at least one of two mechanisms\b"
    r"|\bit will be in a separate directory tree with its own\b.{0,200}|\bit will contain specific licen[cs]e and restriction terms at the top of every file\b"
    r"|\bis free software[;:,]? (?:and )?you (?:can|may) (?:re)?distribute it (?:and or|and|or)(?: modify(?: it)?)?\b(?: under the(?: same)? terms)?"
    r"|\bas published by the free software foundation\b[^.]{0,120}(?:\d\.\d)?|\beither version \d[\d.]*\b|\bor (?:\(?at your option\)? )?any later version\b"
    r"|\b(?:but )?without even the implied warranty of\b|\byou (?:can|may) find\b"
    r"|\bby (?:downloading|using|copying|installing)[\w ,/]{0,60} you (?:are agreeing|agree) to the following (?:terms|conditions|licen[cs]e)\b"
    r"|\b(?:software )?licen[cs]e agreement\b|\bfor public use and benefit\b|\bin case of any licen[cs]e issues\b|\bplease contact\b"
    r"|\bno (?:\w+ ){1,5}(?:was|were) used (?:to|in)\b|\bwith the expectation that others will\b[^.]{0,200}"
    r"|\bshould also include copyright and licensing statements\b|\bmay be covered by other copyrights?\b"
    r"|\bsubject to the (?:conditions and terms|terms and conditions|conditions|terms)(?: (?:laid out|set forth|stated|given|listed))? below\b"
    r"|\bsubject to the (?:same|following) (?:licen[cs]es?|terms|copyright notice)\b"
    r"|\bwithout restrictions?\b|\bto the extent possible under law\b|\bcopyright and related (?:and|or) neighbou?ring rights\b"
    r"|\bterms and conditions for (?:use|copying|accessing|using|reproduction)[\w ,]{0,60}"
    r"|\bif you [^.]{0,80}, we would appreciate\b[^.]{0,200}"
    r"|\bwe would appreciate\b[^.]{0,200}"
    r"|\b(?:is|are) (?:a )?(?:registered )?trademarks?\b|\bfor example\b|\bas is\b",
    re.IGNORECASE,
)
"""What is said so often that it is known as a whole, with words that alone could mean anything."""
_WORDS_OF_SOURCES: Final = (
    # what is spoken of
    "software library libraries program programs file files directory directories folder source sources code codes"
    " project projects package packages packaging packager packagers work works material materials product products module modules"
    " submodule submodules component components dependency dependencies documentation documents document data database"
    " part parts portion portions piece pieces section sections page text texts format title header headers version versions revision release releases"
    " implementation implementations algorithm algorithms function functions routine routines class script scripts tool tools utility"
    " utilities binding bindings port ports fork forks forked wheel wheels binary binaries archive tarball tarballs repository tree branch tag upstream mailing list"
    " system systems standard test tests example examples patch patches change changes modification modifications"
    " contribution contributions design idea history notice notices license licenses copyright name names readme changelog"
    " address mail email website site homepage home url web link bug bugs author authors authorship coauthor holder holders owner owners"
    " contributor contributors developer developers maintainer maintainers creator creators programmer editor translator"
    " people individual individuals party parties team members_of community company inc incorporated corp corporation ltd limited gmbh llc foundation"
    " university institute institution laboratory laboratories lab group department regents project associates consortium"
    " computer computing science technology technologies systems software engineering research_center union society college school_of center centre"
    " committee board commission organization organisation association national international american european"
    # licences by their names
    " mit bsd isc apache mozilla eclipse boost expat zlib libpng openssl python psf unlicense cc zero creative commons attribution"
    " public domain dedication universal permissive free open style type new simplified revised modified"
    " original clause clauses gnu gpl lgpl general lesser x11 xfree86 ncsa wtfpl artistic mulan ofl font fonts spdx identifier"
    # what was done, and how it stands there
    " is are was were be been being has have had do does did"
    " developed written created made maintained contributed derived based adapted ported taken copied obtained"
    " downloaded extracted imported included includes include including contains contain containing bundled bundles bundle embedded shipped"
    " distributed redistributed provided released published available licensed licensing relicensed dual copyrighted covered governed"
    " reproduced listed mentioned found located placed stored shown described noted indicated specified stated marked"
    " debianized debianised repackaged packaged put together built rebuilt generated compiled produced updated maintained supplemented"
    " integrated merged moved renamed translated converted ported modified optimized inspired originally previously formerly currently"
    " initially partially partly mostly primarily entirely wholly largely directly independently separately"
    " respective respectively corresponding various several many some certain additional third"
    " see also according under same as follows following below above here there where which who whose that this these those it its"
    " they their them he his she her i my we our us"
    " of and or and_or both either each all any every other others another such similar like more most own one two three four five"
    " in into on at to from by with within through via at for about between among around beside besides plus since"
    " then now later early ago further thanks thank acknowledgement acknowledgements acknowledgment credit credits special"
    " complete full entire whole main first second part current present date year years day time"
    " january february march april may_ june july august september october november december"
    " jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun"
    " monday tuesday wednesday thursday friday saturday sunday"
    " debian ubuntu fedora linux unix windows gnu_ freebsd netbsd openbsd berkeley california massachusetts"
    " machine_readable comment disclaimer description summary files_ license_ text terms conditions condition end begin beginning start table contents"
    " language syntax line lines number appendix apply_ applies apply used uses using hereby unless_ reserved rights_"
    " well known real actual basic simple small large high low level fast"
    " affiliates affiliate subsidiaries contact participants remaining remainder compression decompression prepackaged"
    " pre post co comaintained pythonlabs zope netherlands america usa switzerland england germany france china japan canada"
    " jr sr dr prof et al aka formerly nee different therefore along visit definition visible meant read dependent_ identical equivalent"
    " because although however instead only_ thus hence exception exceptions_ llvm him thru extension"
    " extensions crate crates note definitions disclaimers availability clarifies external dedicated dedicate"
    " adjacent revisions toolkit stays associated constituent third legally making create actually distributions compliance those related location provides fax phone tel"
    " summarizes towards pull requests request support download interest helper derivative"
    " root autogenerated protocol buffer compiler coding utf encoding lint brief internal detail details itself infrastructure"
    " after before re refer etc partially integrality form"
    " distribution even specify appended very worldwide artistic comes"
    " applicable separated similar unit everything contents subdirectories itself studio additions alterations authored installing"
    " texinfo machines symlink supplementary perl documented log word protected suite versioning particular contribution"
    " records record transformations relevant plugin manual operating due expressly explicitly fairly minimal miscellaneous fixes"
    " reflected window removal go"
    " notes svn export starting recipes but runtime interchange format"
    " bvba ag sarl sa bv oy ab srl pty kg ev subsidiary ies"
    " accompanying ex eg initial codebase"
)
_JOINING: Final = frozenset("und y e et van von der den de la le du del da dos di".split())
SOURCES: Final = frozenset(_WORDS_OF_SOURCES.split())
"""Words of sentences that say what stands there, who made it, and what it is called. None narrows by itself."""
_TO_SOMEBODY: Final = re.compile(
    r"\b(?:[Ll]icen[cs]ed|[Ff]ree|[Aa]vailable|[Gg]ranted|[Pp]ermitted|[Rr]eserved)(?: (?:only|here))?"
    r" (?:for|to|within|in) (?:the )?[A-Z](?!ebian)"
)
"""To whom, for what or where a work is given: a name behind it narrows."""
_COPYRIGHT: Final = re.compile(r"\b(?:copyrights?|copr|copyrighted)\b|\(c\)|©|&copy;|^\W*(?:19|20)\d\d\b", re.IGNORECASE)
_HOLDER_SMALL: Final = 3  # words of a holder in small letters that no licence has: "jonschlinkert"
_DISCLAIMS: Final = re.compile(r"warrant|liab|as is|no obligation|particular purpose|merchantab|infringement|at your own risk|damages", re.IGNORECASE)
_NICK: Final = re.compile(r"(?<=[a-z]) ?\(\w{2,20}\)(?! \w+ly\b)")
_COUNTED: Final = re.compile(r"[^\W\d][ :=]+\d")
_YEARS: Final = re.compile(r"\A(?:[^\w{]|\d|\(c\))*(?:(?:present|now|today)\b[\W\d]*)?")
_COMPANY: Final = frozenset(["inc", "ltd", "llc", "gmbh"])
_SEGMENT: Final = re.compile(r"(?<=[^\W\d]{2})[,;.(\[<]")
MAX_SHOUTED: Final = 3
OWN: Final = 3
MIN_OWN: Final = 0.8
_DESCRIBES: Final = re.compile(
    r"\W*(?:this|the) (?:\w+ )?(?:module|file|class|script|header|example|plugin|extension|tool|test|function|interface) "
    r"(?:is|was|\w{2,20}s)\b|\W*(?:this|the) (?:software|code|library|program|package) (?:implements|contains|includes|computes|performs|defines)\b"
    r"|\W*it (?:contains|includes|provides)\b",
    re.IGNORECASE,
)
_OPTION: Final = re.compile(r"(?<!\S)--[a-z][\w-]+")
_YES_NO: Final = re.compile(r"\b(?:yes|no)\b")  # of a table
_NAMED_AND_TOLD: Final = re.compile(r"\W*[\w.+-]+(?: \w+)? (?:--?|–) (?:an?|the)\b", re.IGNORECASE)
_HYPHENED: Final = re.compile(r"\b[^\W_]{1,40}(?:-[^\W_]{1,40}){1,8}\b")
_NOT: Final = re.compile(r"n['’]t\b")
_GIVEN: Final = frozenset(["for", "to", "by", "with", "except", "but"])
MAX_UNKNOWN: Final = 2
MIN_PLAIN: Final = 4
_LETTER: Final = re.compile(r"[^\W\d_]")
MAX_TITLE: Final = 8
_TITLED: Final = frozenset("license licenses library project package software code notice toolkit utilities compiler modules components dependencies sdk company corporation inc ltd foundation project consortium".split())


_OF_PYTHON: Final = re.compile(
    r"\bcreated specifically to own python-related intellectual property\b|\brelease derived year owner gpl- from compatible\b|\bgpl.compatible doesn't mean\b.*|\ball python licenses, unlike the gpl, let you\b.*"
    r"|\bgpl-compatible licenses make it possible to combine\b.*|\bstallman's lawyer has told\b.*"
    r"|\bis not gpl-compatible, because\b.*|\bhistorically, most, but not all,.*|\b\d{4}(?:-\d{4})? \w+(?:\.com)? (?:yes|no)\b",
    re.IGNORECASE,
)
"""What the file that holds Python's own licences tells of them."""
_MADE_WORDS: Final = (
    "created developed written wrote moved formed founded debianized debianised packaged prepackaged extracted ported derived"
    " derivative adapted taken copied contributed maintained downloaded obtained retrieved generated translated converted rewritten"
    " modified updated originated began started continued based became inspired submitted removed deleted built together"
    " improved reported tested defined authored maintainer maintainers thanks implements implementation wrapper module library"
    " includes contains prepackaged version"
)
_MADE: Final = frozenset(_MADE_WORDS.split())
"""What a sentence says that tells how a work came about."""
_BINDING_WORDS: Final = (
    "may can cannot should need needs will would if when while until without not nor no none only just solely exclusively you your"
    " yours licensee licensees licensor user users customer customers buyer buyers purchaser vendor recipient recipients member members"
    " subscriber subscribers employee employees employer school schools bank banks firm firms business businesses"
    " fee fees price prices cost costs charge charges pays paid money dollar dollars euro euros sale sales resale rent rental lease"
    " shareware trialware demoware demo donationware nagware postcardware gratis"
    " require requires required requirement key property authorised authorized"
    " excluded exclude excludes exclusion exempt exempted barred bar ban banned stop stay keep ask asks asked wait buy bought"
    " owe owes agree agrees agreed agreement contract subscription subscriptions approval approve approves"
    " doesn isn aren please want wants must shall conditional subject lapse lapses expires expire ends end valid"
    " reserved restricted restriction limited limits limit entitled belong belongs bound owes undertake undertakes warrants warrant"
)
_BINDING: Final = frozenset(_BINDING_WORDS.split()) | GIVING | LEFT_OUT | PUT_IN
_FIELD: Final = re.compile(
    r"\b(?:files|copyright|licen[cs]e|source|comment|upstream[- ](?:name|contact|authors?(?:\(s\))?|maintainers?)|format|files-excluded|disclaimer|maintainers?"
    r"|description|origin|url|homepage|authors?(?:\(s\))?|name|version|contact|project|summary|date|from|to|subject|message-id|cc|references|in-reply-to)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


@lru_cache(maxsize=1 << 13)
def _judged(sentence: str, known: Known) -> bool:
    if len(_YES_NO.findall(sentence)) > 3:
        sentence = _YES_NO.sub(" ", sentence)
    if len(_OPTION.findall(sentence)) > 1:  # a command with its options
        return True
    sentence = _NICK.sub(" ", sentence.replace("and/or", "and or"))
    said, addresses = _ADDRESS.subn(" ", sentence)
    said = _HYPHENED.sub(lambda found: " " if _is_compound(found[0], known) else found[0], said)
    disclaimed = said = " ".join(_FIELD.sub(_field, said).split())
    said = _PHRASES.sub(" ", _OF_PYTHON.sub(" ", said))
    if _LETTER.search(said) is None or known.is_of_open_licences(said):
        return True
    if _disclaims(disclaimed):
        return True
    found = _COPYRIGHT.search(said)
    if found is None:
        return (
            _is_plain(said, known) or _is_title(said, known) or _tells(said) or _describes(said) or _disclaims(said)
            or (addresses > 0 and _names_holder(said, known, MAX_UNKNOWN))
        )
    holder = said[found.end() :]
    if _LETTER.search(holder) is None and _tells(said[: found.start()]):
        return True
    return _is_plain(said[: found.start()], known) and _names_holder(holder, known, _HOLDER_SMALL)


def _is_title(said: str, known: Known) -> bool:
    """Whether it is the title of a licence or work: some words, all with capitals."""
    words = words_of(said, ())
    return (
        len(words.words) <= MAX_TITLE
        and bool(words.words)
        and words.words[-1] in _TITLED
        and _BINDING.isdisjoint(words.words)
        and all(word in SOURCES or words.begins_large(at) or word not in known.ordinary for at, word in enumerate(words.words))
    )


def _field(found: re.Match[str]) -> str:
    return " copyright " if found[0].lower().startswith("copyright") else " "


def _describes(said: str) -> bool:
    """Whether a sentence says what a file or program is or does, and neither gives nor binds."""
    return (
        (_DESCRIBES.match(said) is not None or _NAMED_AND_TOLD.match(said) is not None)
        and _NOT.search(said) is None
        and _BINDING.isdisjoint(words_of(said, ()).words)
    )


def _tells(said: str) -> bool:
    """Whether a sentence tells how a work came about, and neither gives nor binds."""
    words = words_of(said, ()).words
    if _NOT.search(said) is not None or _MADE.isdisjoint(words) or not _BINDING.isdisjoint(words):
        return False
    return sum(word in SOURCES for word in words) >= 0.5 * len(words)


class Known:
    """The words and runs of words of all licences; equal only to itself, so that answers can be kept."""

    def __init__(self, index: Index) -> None:
        self.words = index.words
        self.ordinary = ordinary_words()
        self._index = index
        is_open = np.array([class_of_id(each.spdx) in (PERMISSIVE, PUBLIC_DOMAIN) for each in index.templates])
        self._exceptions = frozenset(
            words[at : at + GRAM] for words in exceptions() for at in range(len(words) - GRAM + 1)
        )
        self._open = np.logical_or.reduceat(is_open[index.owners], index.offsets[:-1])

    def is_of_open_licences(self, said: str) -> bool:
        """Whether all its runs of words stand in permissive licences."""
        words = words_of(said, ()).words
        if len(words) < GRAM:
            return False
        rows = self._index.rows(self._index.code(words))
        is_open = (rows >= 0) & self._open[rows]
        return all(
            each or tuple(words[at : at + GRAM]) in self._exceptions for at, each in enumerate(is_open.tolist())
        )


def binds(sentence: str) -> bool:
    """Whether a sentence has words that give or bind."""
    return not _BINDING.isdisjoint(words_of(sentence, ()).words)


def explained(sentence: str, known: Known, own: Sequence[str] = (), free: Container[str] = ()) -> bool:
    """Whether a sentence says only what may stand beside a licence; `own`: words of licences that stand there."""
    if _judged(sentence, known):
        return True
    words = words_of(sentence, ()).words
    if free and all(word in free or word in SOURCES for word in words):
        return True
    if len(words) < OWN:
        return (len(words) > 1 or _BINDING.isdisjoint(words)) and any(f" {' '.join(words)} " in each for each in own)
    runs = [" ".join(words[at : at + OWN]) for at in range(len(words) - OWN + 1)]
    return any(sum(f" {run} " in each for run in runs) >= MIN_OWN * len(runs) for each in own)


def _is_plain(said: str, known: Known) -> bool:
    words = words_of(said, ())
    if not words.words:
        return True
    if _TO_SOMEBODY.search(said) is not None:
        return False
    shouts = said.isupper()
    if shouts and len(words.words) <= MAX_SHOUTED and _BINDING.isdisjoint(words.words) and _COUNTED.search(said) is None:
        return True
    named = [(not shouts or _is_short(words, at)) and _may_be_name(words, at) for at in range(len(words.words))]
    is_name = [
        each and (words.words[at] not in known.ordinary or (not shouts and _is_acronym(words, at)))
        for at, each in enumerate(named)
    ]
    plain = sum(word in SOURCES for word in words.words)
    if len(words.words) == 1 and not plain and words.words[0][0] != "#" and _COUNTED.search(said) is not None:
        return False
    if len(words.words) == 1 and words.words[0] not in _BINDING:
        return True
    _spread(is_name, named, words)
    unknown = 0
    for at, word in enumerate(words.words):
        if word in SOURCES or word[0] == "#" or is_name[at]:
            continue
        if word in _JOINING and any(is_name[max(0, at - 1) : at + 2]):
            continue
        if word in known.words or word in known.ordinary or (at and words.words[at - 1] in _GIVEN):
            return False
        unknown += 1
        if unknown > MAX_UNKNOWN or (plain < MIN_PLAIN and (unknown > 1 or plain + sum(is_name) < MIN_PLAIN)):
            return False
    return True


def _spread(is_name: list[bool], named: list[bool], words: Words) -> None:
    """Words that are spelled like names beside a name are names: "Gopher Embedded Framework"."""
    for order in (range(1, len(named)), range(len(named) - 2, -1, -1)):
        step = -1 if order.step > 0 else 1
        for at in order:
            if named[at] and is_name[at + step] and words.words[at] not in _BINDING:
                is_name[at] = True


def _is_short(words: Words, at: int) -> bool:
    raw = words.raw[words.tokens[at]]
    return len(raw) < 6 or any(letter.isdigit() for letter in raw)


def _is_acronym(words: Words, at: int) -> bool:
    raw = words.raw[words.tokens[at]]
    return 1 < len(raw) < 6 and raw.isupper() and words.words[at] not in _BINDING


def _may_be_name(words: Words, at: int) -> bool:
    raw = words.raw[words.tokens[at]]
    return words.is_capital(at) or raw.isupper() or any(letter.isdigit() or letter.isupper() for letter in raw[1:])


def _names_holder(said: str, known: Known, most: int) -> bool:
    small = 0
    said = _YEARS.sub("", said)
    words = words_of(said, ())
    first = len(words_of(_SEGMENT.split(said, maxsplit=1)[0], ()).words)
    for at, word in enumerate(words.words):
        if word in SOURCES or word in _JOINING or word[0] == "#" or words.begins_large(at) or _is_joined(words, at):
            continue
        small += 1
        is_known = word in known.words or word in known.ordinary
        if not is_known and small == 1 and words.words[at + 1 : at + 2] and words.words[at + 1] in _COMPANY:
            continue
        if word in _BINDING or (is_known and len(words.words) > _HOLDER_SMALL) or small > most or at >= first:
            return False
    return True


def _is_compound(token: str, known: Known) -> bool:
    """Whether one part of a word with hyphens is none that a licence has: `scikit-learn`."""
    parts = words_of(token.lower().replace("-", " "), ()).words
    return _BINDING.isdisjoint(parts) and any(part not in known.words and part not in known.ordinary for part in parts)


def _is_joined(words: Words, at: int) -> bool:
    """Whether a hyphen joins it to another word: `go-gitignore`."""
    raw = words.raw[words.tokens[at]]
    return re.search(rf"\w-{raw}|{raw}-\w", words.text) is not None


def _disclaims(said: str) -> bool:
    spelled = words_of(said, ())
    words = [
        word for at, word in enumerate(spelled.words) if word in DISCLAIMING or word in SOURCES or not _may_be_name(spelled, at)
    ]
    said_more = set(words) - DISCLAIMING
    return _DISCLAIMS.search(said) is not None and SOURCES.issuperset(said_more) and not speaks_of_rights(words)
