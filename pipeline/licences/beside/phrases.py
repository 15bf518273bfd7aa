"""Constructions that are known to narrow nothing, though they have words that could; and addresses, which say nothing.

"You may obtain a copy" has "may", "except where noted" has "except": words that bind in another place. A construction
is taken out of its sentence, and what is left has to be explained. One stands here for its form, whatever it is said
of; sentences of certain files are in `prefaces.py`.
"""

from __future__ import annotations

import re
from typing import Final

ADDRESS: Final = re.compile(
    r"<[^<>\n]{0,40}\b(?:at|AT)\b[^<>\n]{0,60}>|<?\b(?:https?|ftp|git|svn|ssh)://\S{1,500}|\bwww\.\S{1,500}"
    r"|(?<![\w.+-])<?[\w.+-]{1,64}(?:@| at | ?\(at\) ?| ?\[at\] ?)[\w-]{1,64}(?:(?:\.| \[dot\] )[\w-]{1,64}){1,8}>?"
    r"|(?<![\w.*{}~+-])[\w.*{}~+-]{0,100}/[\w./*{},~+@-]{1,500}"
    r"|\b[\w*-]{1,64}(?:\.[\w*-]{1,64}){1,8}\b"
    r"|(?<=\s)--?[a-z][\w-]{0,40}(?:=\S{1,200})?|\b\w{0,64}_\w{1,64}\b|`[^`\s]{1,100}[`']|\b\w+\(\)|\{\w+\}"
)
"""Addresses of the web and of mail, paths, names of files and of code."""

_MAY: Final = r"(?:can|could|may|should|will)"
_TERMS: Final = r"(?:terms and conditions|conditions and terms|terms|conditions|licen[cs]es?|copyright notice)"
_NOTED: Final = r"(?:noted|stated|specified|indicated|mentioned|documented|required by applicable law)"
_OPEN_ID: Final = r"(?:mit|expat|x11|bsd|isc|apache|boost|zlib|psf|python|cc0|unlicense|public|domain|software)"

CONSTRUCTIONS: Final = {
    "whose rights these are": (
        r"\b(?:all|some) rights? (?:are )?reserved?\b|\ball rights?(?=\W*$)|^\W*(?:rights )?reserved\b",
        r"\(?(?:®|™|\(tm\)|\(r\))|\b(?:is|are) (?:a )?(?:registered )?trademarks?\b|\bmember of the\b",
        r"\bMay,? (?=\d)",
    ),
    "where something is to be found": (
        (
            rf"\b{_MAY}(?: also)? (?:be|have been)"
            r" (?:found|obtained|included|downloaded|reached|contacted|seen|available)\b"
        ),
        (
            rf"\byou {_MAY}(?: also)? (?:find|obtain|(?:have )?receive[d]?)"
            r" (?:an? |the |full |complete )*(?:copy|text|one)\b"
        ),
        r"\b(?:a|or) copy (?:of (?:the|this|which)|at|in)\b",
        r"\bplease(?: also)? (?:see|refer|read|contact)\b|\bif not,? (?:see|write to|please)\b",
        (
            r"\bfor (?:(?:more|further|full|additional|copyright|licen[cs](?:e|ing)|the|and) ){0,4}"
            r"(?:details?|information|text|terms)\b"
        ),
        r"\b(?:you (?:can|may)|to) (?:contact|report) (?:the author|issues|bugs)\b(?: or suggest changes)?",
        r"\bpull requests?\b",
    ),
    "which terms hold": (
        r"^\W*(?:the )?MIT[- ]No[- ]Attribution(?: Licen[cs]e)?(?: \(MIT-0\))?\W*$",
        r"\b(?:hereby )?licenses this \w+ to you\b",
        (
            r"\blicensed to (?:\w+ ){1,4}(?:\(\w+\) )?under (?:a|one or more) contributor (?:licen[cs]e )?"
            r"agreements?\b"
        ),
        r"\byou may not use (?:this|these) \w+ except in compliance with\b",
        (
            r"\bis free software[;:,]? (?:and )?you (?:can|may) (?:re)?distribute it and or(?: modify(?: it)?)?\b"
            r"|\bas published by the free software foundation\b[^.]{0,120}"
        ),
        (
            r"\bdistributed on an \W{0,3}as is\W{0,3} basis\b,?(?: without warranties or conditions of any kind\b)?"
            r"(?:,? either express or implied)?"
        ),
        rf"\bsubject to the (?:{_TERMS} of the )?(?:following|same)(?: {_TERMS})?\b",
        rf"\bsubject to the {_TERMS}(?: (?:laid out|set forth|stated|given|listed))? below\b",
        r"\b(?:available to you )?under (?:(?:your|a) choice|either)(?: of(?: the| either)?)?\b",
        r"\bat your (?:option|choice)\b|\byou may choose to be\b(?: licensed under\b)?",
        r"\b(?:may be used|(?:you (?:can|may) )?use (?:it|them|this \w+)) (?=under\b)",
        rf"\bmay be used under the {_TERMS} of\b",
        r"\buse of (?:this|the)(?: \w+){1,3} (?:is|are)$|\bmay be(?: freely)?$",
        r"\bby (?:(?:downloading|using|copying|installing|and|or) )+this \w+ you (?:are agreeing|agree) to the\b",
        (
            r"\bterms (?:and conditions )?(?:of|for)"
            r" (?:(?:use|using|copying|accessing|reproduction|or|otherwise|and)\b,? ?)+"
        ),
        r"\b(?:licen[cs]e agreement|licensed as follows|in short)\b",
        (
            rf"[(](?:(?:{_OPEN_ID}|the|new|modified|revised|simplified|foundation|licen[cs]e|version|clause|style|or|and"
            r"|v?\d(?:\.\d)?)[ ,/-]{0,3}){1,8}\)"
        ),
        (
            r"^\W*(?:dieses|diese|dieser|das|die|der) [\w-]{2,40} (?:steht|ist|wird|wurde) unter der"
            rf" {_OPEN_ID}[- \d.]{{1,8}}(?:clause[- ])?lizenz\b(?: \d(?:\.\d)?)?"
            r"(?: (?:lizenziert|veröffentlicht|verfügbar|freigegeben))?"
        ),
        (
            r"^\W*(?:ce|cet|cette|le|la|este|esta|el|questo|questa|il) \w{2,30} (?:est|est[aá]|[eè]) (?:\w{2,20} )?"
            rf"(?:sous|bajo|sob|sotto)(?: les termes de)?(?: la| a)? licen[cz](?:e|ia|a|ça) {_OPEN_ID}"
            r"(?: \d(?:\.\d)?)?\b"
        ),
    ),
    "what is said elsewhere": (
        (
            rf"\b(?:unless|except (?:where|as)|with exceptions)(?: otherwise)? {_NOTED}"
            r"(?: or agreed to in writing)?(?: otherwise| below| above)?\b"
        ),
        r"\bexcept (?:for )?the contents of the \W{0,3}\w+\W{0,3} director(?:y|ies)\b",
    ),
    "what something is not": (
        (
            r"\b(?:is|are|was|were) not (?:directly )?(?:used when building|linked|part of|included|installed"
            r"|copyrighted|applicable|standalone)\b"
        ),
        r"\bno copyright (?:is )?claimed\b|^\W*none\b",
        r"\bdoes not include third-party code\b",
        (
            r"\b(?:the )?names?(?: and trademarks)? of [^.]{0,120}\b(?:may|shall|must) not be used (?:in|to) [^.]{0,60}"
            r"(?:advertis|endors|promot)[^.]{0,200}"
        ),
    ),
    "what an end of a licence's sentence is": (
        r"^\W*(?:specific,? )?(?:prior )?written(?: prior)? permission\W*$|\bnor the names?\b(?: of\b)?|^\W*of use\W*$",
    ),
    "what is given": (
        r"\bto the (?:maximum |fullest )?extent (?:possible under|permitted by) (?:applicable )?law\b",
        r"\bwithout (?:any )?(?:restriction|limitation)s?\b",
        (
            r"\b(?:waived|dedicated) all copyright and related (?:and|or) neighbou?ring rights to"
            r" (?:(?:this|the) \w+|[A-Z\d]\S{0,60}(?: [A-Z\d]\S{0,60}){0,8})"
        ),
        r"\bdo with it what you (?:wish|want|like)\b|\bhas the (?:full )?rights? to publish\b",
    ),
    "what is asked, and binds nobody": (
        r"\b(?:if you [^.]{0,80}, )?we would appreciate\b[^.]{0,200}",
        (
            r"\b(?:do not|should not be|don't|please avoid) (?:edit(?:ed)?|modify|changing)"
            r"(?: by hand| manually| this file| it)*"
        ),
        r"^\W*do not (?:include|import) this (?:header|file|module)(?: file)? directly\W*$",
        r"^\W*(?:this \w+ is )?not thread[- ]safe\W*$|^\W*must be called with (?:the|a) lock held\W*$",
    ),
    "what is to be filled in, and what tools read": (
        (
            r"[\[<{(](?:yyyy|xxxx|year|dates?|names?|full ?name|authors?|owners?|holders?|copyright|organization"
            r"|project|email|institution|insert)\b[\w ',/-]{0,60}[\]>})]"
        ),
        r"-\*-.{0,80}?-\*-",
        r"\b(?:noqa|ruff|pylint|flake8|mypy|eslint\S*|yapf|isort|lint as)\s*:[^\n]{0,80}",
    ),
}
"""By what is said; in any case."""
PHRASES: Final = re.compile("|".join(each for kind in CONSTRUCTIONS.values() for each in kind), re.IGNORECASE)
