"""The files of a LaTeX submission: their encoding, which of them is the paper, and what \\input finds."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping

from pipeline.extraction.latex.lexer import CONTROLS

_INPUTENC = re.compile(rb"\\usepackage\s*\[([\w-]{2,20})\]\s*\{inputenc\}|\\inputencoding\s*\{([\w-]{2,20})\}")
_CJK = re.compile(rb"\\begin\{CJK\*?\}\s*(?:\[[^\]]{0,20}\])?\s*\{([\w+]{2,8})\}")
_CHARSETS = {
    "latin1": "cp1252",
    "ansinew": "cp1252",
    "cp1252": "cp1252",
    "latin2": "iso8859-2",
    "cp1250": "cp1250",
    "latin3": "iso8859-3",
    "latin4": "iso8859-4",
    "latin5": "iso8859-9",
    "latin9": "iso8859-15",
    "latin10": "iso8859-16",
    "cp1251": "cp1251",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "cp866": "cp866",
    "applemac": "mac-roman",
    "cp850": "cp850",
    "cp437": "cp437",
    "utf8": "utf-8",
    "utf8x": "utf-8",
    "GBK": "gb18030",
    "GB": "gb18030",
    "Bg5": "big5hkscs",
    "Bg5+": "big5hkscs",
    "JIS": "euc_jp",
    "SJIS": "cp932",
    "KS": "cp949",
    "UTF8": "utf-8",
}
_CLASS = re.compile(r"^[^%\n]*\\document(?:class|style)\b", re.MULTILINE)
_SUBFILE = re.compile(r"\\documentclass\s*(?:\[[^\]]{0,300}\])?\s*\{(?:subfiles|standalone)\}")
_BODY = re.compile(r"\\begin\s*\{document\}")
_INCLUDED = re.compile(r"\\(?:input|include|subfile|subfileinclude)\s*\{?\s*([^\s{}\\%]{1,200})")
_PLAIN = re.compile(
    r"\\(?:magnification|input\s+(?:amstex|harvmac|phyzzx|lanlmac|eplain|mssymb|epsf)|bye\b|hsize|font\\)"
)
_TEX_SUFFIXES = (".tex", ".ltx", ".latex", ".txt", "")
_USUAL_NAMES = ("main", "ms", "paper", "article", "manuscript", "root", "arxiv")
_UNUSUAL = re.compile(
    r"supp|appendix|response|rebuttal|cover|letter|template|sample|referee|diff|old|backup", re.IGNORECASE
)
AUTO_IGNORE = re.compile(r"\s*%\s*auto-ignore")


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a TeX file and its charset: UTF-8 where it is, else what inputenc or CJK names, else windows-1252.

    It is Latin-1 where windows-1252 lacks one of the bytes. Line ends are line feeds; control characters, which TeX
    refuses, are left out.
    """
    charset = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        text = content.decode(charset)
    except UnicodeDecodeError:
        charset = _declared(content)
        text = content.decode(charset, "replace")
        if charset == "cp1252" and "\ufffd" in text:
            charset = "latin-1"
            text = content.decode(charset)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return CONTROLS.sub("", text), charset


def _declared(content: bytes) -> str:
    found = _INPUTENC.search(content[:200_000]) or _CJK.search(content[:200_000])
    if found is None:
        return "cp1252"
    name = next(group for group in found.groups() if group is not None).decode("ascii", "replace")
    return _CHARSETS.get(name, "cp1252")


def main_file(texts: Mapping[str, str]) -> str | None:
    """The name of the file that is the paper; None where none is TeX.

    What 00README names; else, of the files with \\documentclass that no other one includes, by: a body, a name that is
    not that of a supplement, one that goes with a .bbl, a usual name, depth of folder, size, name. Else plain TeX.
    """
    named = _named_by_readme(texts)
    if named is not None:
        return named
    candidates = [name for name in texts if _suffix(name) in _TEX_SUFFIXES and not AUTO_IGNORE.match(texts[name])]
    papers = [name for name in candidates if _CLASS.search(texts[name]) and not _SUBFILE.search(texts[name])]
    if not papers:
        papers = [name for name in candidates if _BODY.search(texts[name])]
    if not papers:
        papers = [name for name in candidates if "\\" in texts[name] and _PLAIN.search(texts[name])]
    if not papers:
        papers = [name for name in candidates if _suffix(name) in (".tex", ".ltx", ".latex")]
    if not papers:
        papers = [name for name in candidates if texts[name].count("\\") >= 3]
    if not papers:
        return None
    included = {
        posixpath.splitext(posixpath.basename(found))[0]
        for name in candidates
        for found in _INCLUDED.findall(texts[name])
    }
    alone = [name for name in papers if _stem(name) not in included] or papers
    return min(
        alone,
        key=lambda name: (
            not _BODY.search(texts[name]),
            bool(_UNUSUAL.search(_stem(name))),
            f"{posixpath.splitext(name)[0]}.bbl" not in texts,
            _stem(name).lower() not in _USUAL_NAMES,
            name.count("/"),
            -len(texts[name]),
            name,
        ),
    )


def _named_by_readme(texts: Mapping[str, str]) -> str | None:
    for name in ("00README.json", "00README.XXX", "00README", "00readme.xxx", "00README.yaml"):
        text = texts.get(name)
        if text is None:
            continue
        if name.endswith(".json"):
            try:
                listed = json.loads(text) if text.count("[") + text.count("{") < 500 else {}
            except ValueError:
                listed = {}
            sources = listed.get("sources") if isinstance(listed, dict) else None
            for each in sources if isinstance(sources, list) else []:
                named = each.get("filename") if isinstance(each, dict) and each.get("usage") == "toplevel" else None
                if isinstance(named, str) and named in texts:
                    return named
            continue
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 2 and words[1].lower() == "toplevelfile" and words[0] in texts:
                return words[0]
    return None


def found_file(texts: Mapping[str, str], wanted: str, folder: str) -> str | None:
    """The file that \\input{wanted} means in a file of `folder`: inside the submission only, or None."""
    wanted = wanted.replace("\\", "/")
    if wanted.startswith("/") or len(wanted) > 300:
        return None
    for base in dict.fromkeys((folder, "")):
        path = posixpath.normpath(posixpath.join(base, wanted))
        if path.startswith(".."):
            continue
        for suffix in (".tex", "", ".ltx"):
            if path + suffix in texts:
                return path + suffix
    return None


def body(text: str) -> str:
    """What an included file says: what stands in its document, where it is one of its own."""
    if not _CLASS.search(text):
        return text
    start = _BODY.search(text)
    if start is None:
        return text
    stop = text.find("\\end{document}", start.end())
    return text[start.end() : stop if stop >= 0 else len(text)]


def _suffix(name: str) -> str:
    return posixpath.splitext(name)[1].lower()


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]
