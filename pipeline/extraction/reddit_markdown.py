"""Reddit's Markdown as plain text: what a reader sees, with quotes, lists, tables and code in their place.

Blocks line by line; within them by patterns that are linear in their length whatever they hold.
"""

from __future__ import annotations

import re

from pipeline.extraction.fences import fence_for
from pipeline.extraction.references import unescaped

# What stands around the number of a piece that no later pattern may touch; NUL itself is taken out of the text first.
_MARK = "\0"
_MARKED = re.compile(r"\0([0-9]+)\0")
_SIGN = re.compile(r"[\\`*_\[<^&\u200b\ufeff]|://")  # without one of them text is plain
_CODE = re.compile(r"(?<!`)`(?!`)([^`\n]+)`(?!`)|(?<!`)``(?!`)((?:[^`\n]|`(?!`))+)``(?!`)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>~^|<&/:-])")
_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s<>\[\]\"`]+", re.IGNORECASE)  # which may hold * and _
# Within a paragraph: a line end, behind which no quote, item, row or blank line begins.
_SOFT = r"\n(?![\n>|-]|[0-9]+[.)])"
# Reddit's first parser took an address up to the first `)` that is not escaped; the second counts brackets.
_LINK = re.compile(
    rf"(!?)\[((?:[^\[\]\\\n]|\\.|{_SOFT}|\[[^\[\]\n]*+\])*+)\]\([ \t]*+<?"
    r"(?:((?:[^\s()<>\\]|\\.|\((?:[^\s()<>\\]|\\.)*+\))*+)|((?:[^\s()<>\[\\]|\\.|\()*+))"
    r">?(?:[ \t]++\"([^\"\n]*+)\")?[ \t]*+\)"
)
_ANGLED = re.compile(r"<((?:https?|ftp|mailto):[^\s<>]++|[\w.+-]{1,64}@[\w.-]{1,255})>", re.IGNORECASE)
_SPOILER = re.compile(r">!((?:[^!>\n]|!(?!<)|>(?!!))*+)!<")
_STRONG = re.compile(
    rf"(?<![\w*])(\*{{1,3}})(?![\s*])((?:[^*\n]|{_SOFT})*+)(?<!\s)\1(?![\w*])"
    rf"|\*\*(?![\s*])((?:[^*\n]|{_SOFT})*+)(?<!\s)\*\*(?!\*)"
)
_STRESSED = re.compile(rf"(?<![\w_])(_{{1,3}})(?![\s_])((?:[^_\n]|{_SOFT})*+)(?<!\s)\1(?![\w_])")
_RAISED_GROUP = re.compile(r"(\w?)(?<!\^)\^++\(([^()\n]*+)\)")
_RAISED = re.compile(r"(?<![\w)\]}^])\^++(?=[^\W_]|[\"'*])(?!.\^)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*+([\w+#.-]*+)[ \t]*+")
_INDENTED = re.compile(r"(?: {4}|\t)(?=.*\S)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*+){3,}|(?:-[ \t]*+){3,}|(?:_[ \t]*+){3,})")
_UNDERLINE = re.compile(r" {0,3}(?:={2,}|-{2,})[ \t]*")
_HEADING = re.compile(r" {0,3}#{1,6}(?!#)")
_QUOTE = re.compile(r"(?: {0,3}>(?!!))+ ?")
_BULLET = re.compile(r"([ \t]*+)[*+-][ \t]++(?=\S)")
_NUMBER = re.compile(r"[ \t]*+[0-9]{1,9}[.)][ \t]++(?=\S)")
_TABLE_RULE = re.compile(r"[ \t|]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)++\|?[ \t]*+")
# A dot that holds two paragraphs apart, and what the editor left where a picture or film was to be.
_PLACEHOLDER = re.compile(
    r"\s*(?:\.|\*?Processing (?:img|gif|video) \S+\.\.\.\*?"
    r"|https?://(?:preview|i|v|external-preview)\.redd\.it/\S+)\s*"
)
_API_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain_text(markdown: str) -> str:
    """The text of a post's or comment's Markdown, "" where there is none.

    Emphasis, headings and rules leave no mark; a link is its text; `>` begins a quoted line, `- ` an item; code blocks,
    indented or fenced, are fenced with their lines exact; tables stay Markdown; addresses that were written out stay;
    spoilers are told; `^` goes where it raises text, and stays between letters and digits (10^6). Lines end where the
    author ended them. Pictures, emotes without text and placeholders of the editor are gone.
    """
    lines = markdown.replace(_MARK, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    out: list[str] = []
    told: list[str] = []  # lines outside of code whose signs are not looked at yet
    at, in_list = 0, False
    unended = {"`": len(markdown), "~": len(markdown)}  # fences from this length on have no end below
    while at < len(lines):
        line = lines[at]
        after_blank = at == 0 or not lines[at - 1].strip()
        fence = _FENCE.fullmatch(line)
        if fence and len(fence[1]) < unended[fence[1][0]]:
            end = _end_of_fence(lines, at, fence[1])
            if end is None:
                unended[fence[1][0]] = len(fence[1])
                continue
            _tell(told, out)
            _code(lines[at + 1 : end], fence[2], out)
            at = end + 1
        elif _INDENTED.match(line) and after_blank and not in_list and not _BULLET.match(line):
            _tell(told, out)
            at = _indented(lines, at, out)
        else:
            if line.strip():
                in_list = bool(_BULLET.match(line) or _NUMBER.match(line)) or (in_list and line[0] in " \t")
            told += _line(line, underlines=not after_blank, in_list=in_list)
            at += 1
    _tell(told, out)
    return "\n".join(out).strip("\n")


def dump_unescaped(text: str) -> str:
    """The text as its author wrote it: dumps hold what the API sent, in which `<`, `>` and `&` are escaped, once.

    A text with a `<` or `>` of its own was not escaped, and stays.
    """
    if "&" in text and "<" not in text and ">" not in text:
        for escaped, character in _API_ESCAPED:
            text = text.replace(escaped, character)
    return text


def _end_of_fence(lines: list[str], start: int, fence: str) -> int | None:
    """The number of the line that ends the code; None where none does."""
    for at in range(start + 1, len(lines)):
        line = lines[at].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return at
    return None


def _indented(lines: list[str], start: int, out: list[str]) -> int:
    end = start
    while end < len(lines) and (_INDENTED.match(lines[end]) or not lines[end].strip()):
        end += 1
    _code([_INDENTED.sub("", line, count=1) for line in lines[start:end]], "", out)
    if end < len(lines) and out and out[-1]:
        out.append("")
    return end


def _code(block: list[str], language: str, out: list[str]) -> None:
    while block and not block[-1].strip():
        block.pop()
    if not block:
        return
    fence = fence_for("\n".join(block))
    if out and out[-1].strip():
        out.append("")
    out += [fence + language, *(line.rstrip() for line in block), fence]


def _line(line: str, *, underlines: bool, in_list: bool) -> list[str]:
    """A line outside of code, its signs of a block as they are told; none where it was only such a sign."""
    if not line.strip():
        return [""]
    if _TABLE_RULE.fullmatch(line):
        return [line.strip()]
    if _RULE.fullmatch(line):
        return [] if underlines else [""]
    if (underlines and _UNDERLINE.fullmatch(line)) or _PLACEHOLDER.fullmatch(line):
        return []
    quote = _QUOTE.match(line)
    prefix, rest = ("> " * quote[0].count(">"), line[quote.end() :]) if quote else ("", line)
    if heading := _HEADING.match(rest):
        rest = rest[heading.end() :].strip(" \t#")
    elif bullet := _BULLET.match(rest):
        prefix, rest = f"{prefix}{bullet[1]}- ", rest[bullet.end() :]
    elif number := _NUMBER.match(rest):
        prefix, rest = prefix + number[0], rest[number.end() :]
    elif not in_list:
        rest = rest.strip()
    return [(prefix + rest).rstrip()]


def _tell(told: list[str], out: list[str]) -> None:
    """Moves lines to `out`, their inline signs resolved; a line of which nothing is left is gone."""
    if not told:
        return
    for new, old in zip(_inline("\n".join(told)).split("\n"), told, strict=True):
        if not old:
            if out and out[-1]:
                out.append("")
        elif new.strip(" \t-\xa0"):
            out.append((new if old[0] in " \t" else new.lstrip()).rstrip())
    told.clear()


def _inline(text: str) -> str:
    if not _SIGN.search(text):
        return text
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[found.lastindex or 0] if found.re is not _CODE else found[0])
        return f"{_MARK}{len(kept) - 1}{_MARK}"

    if "`" in text:
        text = _CODE.sub(keep, text)
    if "](" in text:
        text = _LINK.sub(_linked, text)
    if "\\" in text:
        text = _ESCAPED.sub(keep, text)
    if "<" in text:
        text = _SPOILER.sub(r"\1", _ANGLED.sub(keep, text))
    if "://" in text:
        text = _ADDRESS.sub(keep, text)
    if "^" in text:
        text = _RAISED.sub("", _RAISED_GROUP.sub(_raised, text))
    for sign, pattern in (("*", _STRONG), ("_", _STRESSED)):
        for _ in range(3 if sign in text else 0):  # one within the other: **so *and* so**
            before = text
            text = pattern.sub(_plain, text)
            if text == before:
                break
    if "&" in text:  # a reference to a line end must not make one
        text = "\n".join(unescaped(line).replace("\n", " ") for line in text.split("\n"))
    text = text.replace("\u200b", "").replace("\ufeff", "")
    for _ in range(3 if kept else 0):  # an escaped sign in an address, a sign of code in a link
        text = _MARKED.sub(lambda found: kept[int(found[1])], text)
    return text


def _linked(link: re.Match[str]) -> str:
    """A link's text; a picture is nothing; the old form of a spoiler, whose title is the secret, tells it."""
    is_picture, text, address, flat_address, title = link.groups()
    if is_picture:
        return "\n" * text.count("\n")
    if title and (address or flat_address or "").lower().lstrip("/#") in ("s", "spoiler", "spoilers"):
        return f"{text} {title}".strip(" \t")  # the line ends of `text` are those of the lines to tell
    return text


def _raised(group: re.Match[str]) -> str:
    """Text in small letters: words in brackets; what stands behind a letter or digit without a space is an exponent."""
    before, text = group.groups()
    if " " in text:
        return f"{before} ({text})" if before else f"({text})"
    return group[0] if before else text


def _plain(stressed: re.Match[str]) -> str:
    return next(group for group in reversed(stressed.groups()) if group is not None)
