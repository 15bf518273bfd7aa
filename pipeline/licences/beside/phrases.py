"""What is said beside licences so often that it is known as a whole; and addresses, which are no sentences.

The phrases have words that could mean anything in another place ("may", "use", "except"); here they are known to narrow
nothing: prefaces of licences, where a text is to be found, whose words these are, credits, what tools write.
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

_KNOWN: Final = (
    r"\b(?:all|some) rights? (?:are )?reserved?\b",
    r"\ball rights?(?=\W*$)",
    r"^\W*(?:rights )?reserved\b",
    r"\byou may not use (?:this|these) \w+ except in compliance with (?:the|this)(?: \w+){0,3} licen[cs]e\b",
    r"\byou may obtain a copy of (?:the|this)(?: \w+){0,3} licen[cs]e(?: at)?",
    (
        r"\b(?:a copy of which|you can obtain one|a copy of the licen[cs]e (?:can|may) be (?:found|obtained))"
        r" (?:at|in|from)\b"
    ),
    (
        r"\blicensed to the apache software foundation(?: \(asf\))? under one or more contributor licen[cs]e"
        r" agreements?\b"
    ),
    r"\b(?:hereby )?licenses this \w+ to you\b",
    r"\(?(?:®|™|\(tm\)|\(r\))",
    (
        r"[\[<{(](?:yyyy|xxxx|year|dates?|names?|full"
        r" ?name|authors?|owners?|holders?|copyright|organization|project|email|institution|insert)\b[\w"
        r" ',/-]{0,60}[\]>})]"
    ),
    (
        r"\bunless (?:required by applicable law|(?:otherwise"
        r" )?(?:noted|stated|specified|indicated|mentioned)(?: otherwise| below| above)?)(?: or agreed to in"
        r" writing)?\b"
    ),
    r"\bexcept (?:where|as) (?:otherwise )?(?:noted|stated|documented|specified|indicated)(?: below| above)?\b",
    (
        r"\b(?:which|that) have their own licen[cs]es; we recommend you read them, as their terms may differ from the"
        r" terms above\b"
    ),
    r"\bfor exact contribution history\b",
    r"\bexternally maintained libraries used by this software\b",
    r"\b(?:the )?(?:\w+ and )?vendor director(?:y|ies)\b",
    r"\bcopyright and related rights for sample code are waived\b",
    r"\bsample code is defined as all source code displayed within the prose of the documentation\b",
    (
        r"\bsee the notice file distributed with this work for (?:additional )?information(?: regarding"
        r" copyright ownership)?\b"
    ),
    (
        r"\bdistributed on an \W{0,3}as is\W{0,3} basis,?(?: without warranties or conditions of any"
        r" kind)?\b(?:,? either express or implied)?"
    ),
    r"\b(?:use of )?this (?:source code|software|file|project) is (?:governed|covered) by\b",
    (
        r"\b(?:that )?(?:can|may|should|could|will) (?:also )?(?:be|have been)"
        r" (?:found|obtained|included|downloaded|reached|contacted|seen)\b"
    ),
    r"\byou should (?:also )?have received a copy\b",
    r"\bif not,? (?:see|write to|please)\b",
    r"\b(?:at your option|your choice|you may choose|you can choose|whichever you (?:prefer|like))\b",
    r"\b(?:see|refer to) (?:the )?(?:file )?(?:licen[cs]e|copying)\b",
    r"\bplease (?:also )?(?:see|refer|read)\b",
    (
        r"\bfor (?:more |further |full |additional |copyright |the )?(?:(?:and )?licen[cs](?:e|ing)"
        r" )?(?:details?|information|full text|terms)\b"
    ),
    r"\bin the hope that (?:it|they) will be useful\b",
    r"\bfor the specific language governing (?:permissions|rights) and limitations(?: under)?\b",
    r"\bwithout (?:any )?(?:express or implied )?warrant(?:y|ies)(?: of any kind)?\b",
    r"\bsubject to the following conditions\b",
    r"\bterms of use\b",
    r"\b(?:neither|nor) the\b(?: names?\b)?(?: of\b)?",
    r"\bhas the (?:full )?rights? to publish\b",
    r"\bsince we would like to make the \w+ available for broadest use, with as few restrictions as possible\b",
    r"\bi am providing code and resources in this repository to you under an open source licen[cs]e\b",
    r"\bbecause this is my personal repository, the licen[cs]e you receive to my code[^.]*",
    r"\ba copy of (?:the|this) licen[cs]e\b",
    r"^\W*of use\W*$",
    (
        r"\b(?:the )?names? (?:and trademarks )?of [^.]{0,120}\b(?:may|shall|must) not be used (?:in|to|for)"
        r" [^.]{0,60}(?:advertis|publicity|endors|promot)[^.]{0,200}"
    ),
    r"\bfor use in the (?:\w+ ){1,6}project\b",
    r"\ba non-?profit organi[sz]ation dedicated to [\w ]{3,60} available\b",
    r"\bpromotional slogan for author's professional practice\b",
    r"\[ ?such additional provisions, if any, as appear in [^\]]{0,120}",
    r"-\*-.{0,80}?-\*-",
    r"\b(?:noqa|ruff|pylint|flake8|mypy|eslint\S*|yapf|isort|lint as)\s*:[^\n]{0,80}",
    r"\bpyre-\w+",
    r"\b(?:do not|should not be|don't) (?:edit|edited|modify)\b(?: by hand| manually| this file| it)?",
    r"\b(?:you can obtain a copy|found) in the (?:file )?licen[cs]e(?: file)?\b",
    r"\bor copy at\b",
    r"\byou can contact the author\b",
    r"\bin short\b",
    r"\bis not (?:directly )?(?:used when building|linked|part of|included|installed|subject to us)\b",
    r"\bis a sponsoring member of\b",
    r"\bwas a sponsoring member of\b",
    r"\bprovided for free but\b",
    r"^licen[cs]e (?:for|of) \S+(?: except \S+)?$",
    r"^none\b",
    r"\bnot subject to us\b",
    r"\bgave \w+ permission to include it under\b",
    r"\bdepending on how it is built, this \w+ may distribute\b",
    r"\bplease (?:also )?refer to the file\b",
    r"\bconsisted solely of adding\b",
    r"\bif the files\b",
    r"\buse the (?:\w+ )?[\w -]{1,20} licen[cs]e\b",
    r"\bplease avoid changing it manually\b",
    r"\buntil the final\b",
    r"\bsee the copyright notice below for details on redistribution\W+restrictions\b",
    r"\bdoes not include third-party code\b",
    r"\bis not copyrighted\b",
    r"\bare not applicable and have not been included\b",
    r"\bwas added only in\b",
    r"\bmember of the\b",
    r"\bis approved by the osi and fsf as gpl-compatible\b",
    r"\bwith permission\b",
    r"\bto report bugs, follow the instructions\b",
    r"\blicensed (?:as follows|under the following)\b",
    r"\bor alternatively you may use this software under any osi approved open source licen[cs]e\b",
    r"\buses a copyright model similar to \w+\W*(?:each contributor holds)?",
    r"\bif a contributor wants to further mark their specific copyright\b",
    r"\bthey should indicate their copyright solely in the commit message of the change when it is committed\b",
    r"\bcopyright over their contributions\b",
    r"\brecords all such contribution and copyright details\b",
    r"\bexcept the contents of the \W{0,3}\w+\W{0,3} director(?:y|ies)\b",
    r"\bowned by the owner of the input file used when generating it\b",
    r"\bis not standalone and requires a support library to be linked with it\b",
    r"\balong with\b",
    r"\bcan be read\b",
    r"\bpermission is granted to copy, distribute and or\b(?: modify this \w+)?",
    r"\bwith exceptions noted below\b",
    r"\bagreed upon by most contributors\b",
    r"\badditional copyrights? may follow\b",
    r"\byou can report (?:issues|bugs)\b(?: or suggest changes)?",
    r"\bis repacked in order to exclude\b[^.]{0,120}",
    r"\bhas no copyright assigned\b",
    r"\bwhen (?:he|she|they) (?:was|were) with\b",
    r"\bshould use this licen[cs]e statement where possible\b",
    r"\bcontributions (?:to|towards) \S+",
    r"\bMay,? (?=\d)",
    r"\bno copyright (?:is )?claimed\b",
    r"\bfor use under the terms of\b",
    r"\bmay be used under the (?:conditions|terms) of\b",
    r"\byou may use this \w+ under either\b",
    r"\bthis is a template\b",
    r"\bcomplete and ship as file licen[cs]e the following \d lines",
    r"\ball such code will be identified clearly using at least one of two mechanisms\b",
    r"\bit will be in a separate directory tree with its own\b.{0,200}",
    r"\bit will contain specific licen[cs]e and restriction terms at the top of every file\b",
    (
        r"\bis free software[;:,]? (?:and )?you (?:can|may) (?:re)?distribute it (?:and or|and|or)(?:"
        r" modify(?: it)?)?\b(?: under the(?: same)? terms)?"
    ),
    r"\bas published by the free software foundation\b[^.]{0,120}(?:\d\.\d)?",
    r"\beither version \d[\d.]*\b",
    r"\bor (?:\(?at your option\)? )?any later version\b",
    r"\b(?:but )?without even the implied warranty of\b",
    (
        r"\bby (?:downloading|using|copying|installing)[\w ,/]{0,60} you (?:are agreeing|agree) to the"
        r" following (?:terms|conditions|licen[cs]e)\b"
    ),
    r"\b(?:software )?licen[cs]e agreement\b",
    r"\bfor public use and benefit\b",
    r"\bin case of any licen[cs]e issues\b",
    r"\bplease contact\b",
    r"\bno (?:\w+ ){1,5}(?:was|were) used (?:to|in)\b",
    r"\bwith the expectation that others will\b[^.]{0,200}",
    r"\bshould also include copyright and licensing statements\b",
    r"\bmay be covered by other copyrights?\b",
    (
        r"\bsubject to the (?:conditions and terms|terms and conditions|conditions|terms)(?: (?:laid out|set"
        r" forth|stated|given|listed))? below\b"
    ),
    r"\bsubject to the (?:same|following) (?:licen[cs]es?|terms|copyright notice)\b",
    r"\bwithout restrictions?\b",
    r"\bto the extent possible under law\b",
    r"\bcopyright and related (?:and|or) neighbou?ring rights\b",
    r"\bterms and conditions for (?:use|copying|accessing|using|reproduction)[\w ,]{0,60}",
    r"\bif you [^.]{0,80}, we would appreciate\b[^.]{0,200}",
    r"\bwe would appreciate\b[^.]{0,200}",
    r"\b(?:is|are) (?:a )?(?:registered )?trademarks?\b",
    r"\bfor example\b",
    r"\bas is\b",
    r"\byou (?:can|may) find\b",
    r"\bto the (?:maximum |fullest )?extent permitted by (?:applicable )?law\b",
    r"\byou (?:can|may) use (?:it|them) under either\b(?: the terms)?",
    r"\bpull requests?\b",
    r"\bthis \w+ uses\b",
    r"\blicensed to psf under a contributor agreement\b",
    r"^\W*(?:specific,? )?(?:prior )?written(?: prior)? permission\W*$",
    r"\byou are free to use this (?:package|software|code)(?: and its code)? without limitation\b",
    r"\bdo with it what you (?:wish|want|like)\b",
    r"\buse of (?:this|the)(?: \w+){1,3} (?:is|are)$",
    r"\bmay be(?: freely)?$",
    (
        r"[(](?:(?:the|new|modified|revised|simplified|mit|expat|x11|bsd|isc|apache|zlib|boost|psf|python|cc0|unlicense"
        r"|public|domain|software|foundation|licen[cs]e|version|clause|style|v?\d(?:\.\d)?|or|and)[ ,/-]{0,3}){1,8}\)"
    ),
    (
        r"\bhas waived all copyright and related or neighbou?ring rights to (?:(?:this|the) \w+|[A-Z\d]\S{0,60}"
        r"(?: [A-Z\d]\S{0,60}){0,8})"
    ),
    r"\bcontains? (?:third[- ]party )?subcomponents with separate copyright notices and licen[cs]e terms\b",
    (
        r"\byour use of (?:the )?(?:source )?code for (?:these|this|the)(?: \w+){1,6} is subject to the terms and"
        r" conditions of the following licen[cs]es?\b"
    ),
    r"\bincluding,? but not limited to\b",
    r"\bthe definitive version of this document should be available at\b(?: indefinitely and a copy at)?",
    r"\bindefinitely(?: and a copy at)?\W*$",
    r"\bdo not translate or localize\b",
    r"\b(?:incorporates|uses|includes|bundles) (?:components|material|code) from the projects? listed below\b",
    r"\bthe licen[cs]es under which \w+ received such components are set forth below\b",
    r"\bas (?:the )?perl(?: 5)?(?: programming language)?(?: system)? itself\b",
    (
        r"^\W*(?:dieses|diese|dieser|das|die|der) [\w-]{2,40} (?:steht|ist|wird|wurde) unter der"
        r" (?:mit|bsd|isc|apache|boost|zlib|expat)[- \d.]{1,8}(?:clause[- ])?lizenz\b(?: \d(?:\.\d)?)?"
        r"(?: (?:lizenziert|veröffentlicht|verfügbar|freigegeben))?"
    ),
    (
        r"^\W*(?:ce|cet|cette|le|la|este|esta|el|questo|questa|il) \w{2,30} (?:est|est[aá]|[eè]) (?:\w{2,20} )?"
        r"(?:sous|bajo|sob|sotto)(?: les termes de)?(?: la| a)? licen[cz](?:e|ia|a|ça) (?:mit|bsd|isc|apache)"
        r"(?: \d(?:\.\d)?)?\b"
    ),
    r"^\W*le texte de la licence (?:suit|figure)\b[^.]{0,20}",
    r"\(copyrightholdersname\)|\((?:from|to) 4-digit-year\)",
)
PHRASES: Final = re.compile("|".join(_KNOWN), re.IGNORECASE)
_OF_PYTHON: Final = (
    r"\bcreated specifically to own\b.{0,20}\bintellectual property\b",
    r"\brelease derived year owner gpl- from compatible\b",
    r"\bgpl.compatible doesn't mean\b.*",
    r"\ball python licenses, unlike the gpl, let you\b.*",
    r"\bgpl-compatible licenses make it possible to combine\b.*",
    r"\bstallman's lawyer has told\b.*",
    r"\bis not gpl-compatible, because\b.*",
    r"\bhistorically, most, but not all,.*",
    r"\b\d{4}(?:-\d{4})? \w+(?:\.com)? (?:yes|no)\b",
)
OF_PYTHON: Final = re.compile("|".join(_OF_PYTHON), re.IGNORECASE)
"""What the file that holds Python's own licences tells of them: up to the end of the sentence."""
