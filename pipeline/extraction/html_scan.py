"""A page as blocks of text in one pass over its bytes: no tree is built, but the same elements are open.

The scanner does not move text out of tables nor reopen formatting elements, as a browser does. Its time is linear in the
bytes, plus tags times depth, and the depth is bounded.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html_page import (
    ARIA_HIDDEN,
    F_AUTHOR,
    F_JSON,
    F_LANGUAGE,
    F_LICENCE,
    F_META,
    F_TIME,
    F_TITLE,
    FRESH_LINK,
    HAS_ITEM,
    HAS_ROLE,
    HEIGHT,
    HIDDEN,
    K_KEY,
    K_MODE,
    K_NODE,
    K_SKIP,
    K_TAG,
    LOOKS,
    MAX_TOKENS,
    N_END_TOKEN,
    N_FLAGS,
    N_IMAGES,
    N_LIKE,
    N_TOKEN,
    NODES,
    S_FORMULA,
    S_TEX,
    TOKENS,
    TOO_DEEP,
    Page,
    add_fact,
    add_formula,
    add_text,
    break_line,
    end_block,
    page_of,
)
from pipeline.extraction.html_tags import (
    ATTRIBUTE,
    BREAKOUT,
    CLOSES_P,
    FORMAT,
    HEADING,
    INLINE,
    INTEGRATION,
    RAW,
    SKIP,
    SPECIAL,
    STRUCTURE,
    TAG,
    TAG_DOES,
    VOID,
)
from pipeline.extraction.html_tokens import (
    BANG,
    GT,
    LT,
    QUESTION,
    SLASH,
    declaration_end,
    find,
    is_letter,
    is_section,
    is_space,
    raw_end,
    read_attributes,
    section_end,
    tag_name,
    tag_number,
)
from pipeline.extraction.html_tree import (
    HTML,
    T_A,
    T_BUTTON,
    T_CAPTION,
    T_COLGROUP,
    T_DD,
    T_DT,
    T_LI,
    T_MATH,
    T_P,
    T_SVG,
    T_TBODY,
    T_TD,
    T_TFOOT,
    T_TH,
    T_THEAD,
    T_TR,
    close_for_table_part,
    close_item,
    close_link,
    close_named,
    close_paragraph,
    height_of,
    leave_foreign,
    new_node,
    pop_to,
    push,
)
from pipeline.extraction.html_words import (
    BOLD,
    CODE,
    HASH_START,
    LINKED,
    SPACE,
    SUB,
    SUP,
    fold,
    is_alnum,
    next_character,
    set_bit,
    word_hash,
)

TOKEN_BUCKETS: Final = 1 << 13

_BR, _IMG, _IMAGE, _TITLE, _META, _LINK, _SCRIPT, _HTML, _TIME, _PLAINTEXT, _HR = (
    TAG[name]
    for name in ("br", "img", "image", "title", "meta", "link", "script", "html", "time", "plaintext", "hr")
)
_CODE, _TT, _KBD, _SAMP, _B, _STRONG, _SUP, _SUB = (
    TAG[name] for name in ("code", "tt", "kbd", "samp", "b", "strong", "sup", "sub")
)
_CLASS, _ID, _ROLE, _ITEMPROP, _ITEMTYPE, _HREF, _STYLE, _HIDDEN, _ARIA, _NAME, _PROPERTY, _CONTENT, _ALT = (
    ATTRIBUTE[name]
    for name in (
        *("class", "id", "role", "itemprop", "itemtype", "href", "style", "hidden", "aria-hidden", "name"),
        *("property", "content", "alt"),
    )
)
_SRC, _TYPE, _REL, _LANG, _XML_LANG, _DATETIME = (
    ATTRIBUTE[name] for name in ("src", "type", "rel", "lang", "xml:lang", "datetime")
)
# Class names of what a formula's source is shown as: its source stands beside it.
_SHOWN = np.array([word_hash(name) for name in ("katex-html", "mathjax", "mathjax_preview", "mathjax_svg")], np.int64)
_FALLBACK = np.array([word_hash(f"mwe-math-fallback-image-{kind}") for kind in ("inline", "display")], np.int64)
_FORMULA_WORDS = np.array([word_hash(name) for name in ("latex", "tex", "math", "formula", "equation")], np.int64)
_DESCRIPTIONS = np.array([word_hash(name) for name in ("description", "og:description")], np.int64)


@njit(cache=True, nogil=True)
def _starts(data: Any, at: Any, end: Any, text: Any) -> Any:
    """Whether data[at:end] begins with the ASCII bytes `text`, whatever the case."""
    if at + len(text) > end:
        return False
    for place in range(len(text)):
        byte = data[at + place]
        if (byte | 0x20 if 0x41 <= byte <= 0x5A else byte) != text[place]:
            return False
    return True


@njit(cache=True, nogil=True)
def _contains(data: Any, span: Any, text: Any) -> Any:
    """Whether the attribute's value holds `text`, in lower case; white space in the value counts."""
    if span[0] < 0:
        return False
    for place in range(span[0], span[1] - len(text) + 1):
        if _starts(data, place, span[1], text):
            return True
    return False


@njit(cache=True, nogil=True)
def value_hash(data: Any, span: Any) -> Any:
    """The hash of an attribute's value, letters in lower case, white space around it left out; 0 where it has none."""
    start, end = span[0], span[1]
    if start < 0:
        return 0
    while start < end and is_space(data[start]):
        start += 1
    while start < end and is_space(data[end - 1]):
        end -= 1
    value = HASH_START
    for place in range(start, end):
        byte = np.int64(data[place])
        value = fold(value, byte | 0x20 if 0x41 <= byte <= 0x5A else byte)
    return value


@njit(cache=True, nogil=True)
def _note_token(page: Any, node: Any, value: Any) -> Any:
    """Note a hashed sub-word of the node, up to its MAX_TOKENS."""
    if node[N_END_TOKEN] - node[N_TOKEN] < MAX_TOKENS:
        page.tokens[node[N_END_TOKEN]] = (value ^ (value >> 13)) & (TOKEN_BUCKETS - 1)
        node[N_END_TOKEN] += 1
        page.state[TOKENS] = node[N_END_TOKEN]


@njit(cache=True, nogil=True)
def _note_words(page: Any, node: Any, span: Any, salt: Any) -> Any:
    """Note the sub-words of an attribute's value (`postBody-main2` has post, body, main) and its names as they are.

    Returns 1 where it holds a name of `_SHOWN`, 2 of `_FALLBACK`, 4 of `_FORMULA_WORDS` as a sub-word; or their sum.
    """
    data = page.data
    if span[0] < 0:
        return 0
    found = length = parts = 0
    whole = part = HASH_START
    was_small = False
    for place in range(span[0], span[1] + 1):
        byte = np.int64(data[place]) if place < span[1] else 0x20
        is_big = 0x41 <= byte <= 0x5A
        in_part = 0x61 <= byte | 0x20 <= 0x7A or byte >= 0x80
        if length and (not in_part or (is_big and was_small)):
            if length > 1:
                _note_token(page, page.nodes[node], part ^ salt)
                parts += 1
                for known in _FORMULA_WORDS:
                    found |= 4 * (part == known)
            length, part = 0, HASH_START
        if is_space(byte):
            if parts > 1:
                _note_token(page, page.nodes[node], whole ^ salt)
            for known in _SHOWN:
                found |= whole == known
            for known in _FALLBACK:
                found |= 2 * (whole == known)
            page.nodes[node, N_LIKE] = (page.nodes[node, N_LIKE] * 31 + whole) & 0x7FFFFFFF
            whole, parts = HASH_START, 0
        else:
            small = byte | 0x20 if is_big else byte
            whole = fold(whole, small)
            if in_part:
                part = fold(part, small)
                length += 1
        was_small = 0x61 <= byte <= 0x7A
    return found


@njit(cache=True, nogil=True)
def _describe(page: Any, node: Any, tag: Any) -> Any:
    """Note what the attributes at hand say of a node; whether its text is the picture of a formula."""
    spans, nodes, data = page.spans, page.nodes, page.data
    nodes[node, N_LIKE] = tag
    found = _note_words(page, node, spans[_CLASS], 0)
    like = nodes[node, N_LIKE]
    _note_words(page, node, spans[_ID], 0)
    nodes[node, N_LIKE] = like
    for place in range(3):
        attribute = (_ROLE, _ITEMPROP, _ITEMTYPE)[place]
        if spans[attribute, 0] >= 0:
            _note_token(page, nodes[node], value_hash(data, spans[attribute]) ^ (attribute << 8))
            nodes[node, N_FLAGS] |= HAS_ROLE if attribute == _ROLE else HAS_ITEM
    if spans[_HIDDEN, 0] >= 0 or _hides(data, spans[_STYLE]):
        nodes[node, N_FLAGS] |= HIDDEN
    if spans[_ARIA, 0] >= 0 and _starts(data, spans[_ARIA, 0], spans[_ARIA, 1], b"true"):
        nodes[node, N_FLAGS] |= ARIA_HIDDEN
    return found & 1


@njit(cache=True, nogil=True)
def _hides(data: Any, span: Any) -> Any:
    """Whether a style says `display: none`."""
    if span[0] < 0:
        return False
    for place in range(span[0], span[1] - 11):
        if _starts(data, place, span[1], b"display"):
            at = place + 7
            while at < span[1] and (is_space(data[at]) or data[at] == 0x3A):
                at += 1
            return _starts(data, at, span[1], b"none")
    return False


@njit(cache=True, nogil=True)
def _mark_words(data: Any, start: Any, end: Any, bits: Any) -> Any:
    """Set the bits of the words of data[start:end]."""
    value, length, at = HASH_START, 0, start
    while at <= end:
        begin, kind = at, SPACE
        if at < end:
            kind, at = next_character(data, at, end)
        else:
            at += 1
        if 1 <= kind <= 3:
            for place in range(begin, at):
                byte = np.int64(data[place])
                value = fold(value, byte | 0x20 if 0x41 <= byte <= 0x5A else byte)
            length += 1
        elif length:
            set_bit(bits, value)
            value, length = HASH_START, 0


@njit(cache=True, nogil=True)
def _meta(page: Any) -> Any:
    """A <meta>: a fact under the hash of its property, name or itemprop; descriptions give their words."""
    spans = page.spans
    content = spans[_CONTENT]
    if content[0] < 0:
        return
    for place in range(3):
        attribute = (_PROPERTY, _NAME, _ITEMPROP)[place]
        if spans[attribute, 0] >= 0:
            name = value_hash(page.data, spans[attribute])
            add_fact(page, F_META, content[0], content[1], np.int64(name) - (1 << 31))
            for known in _DESCRIPTIONS:
                if name == known:
                    _mark_words(page.data, content[0], content[1], page.summary)


@njit(cache=True, nogil=True)
def _image(page: Any) -> Any:
    """An <img>: a formula where its class, source or text says so, else counted."""
    spans, state = page.spans, page.state
    alt = spans[_ALT]
    scratch = state[NODES]  # a row that the next node overwrites
    page.nodes[scratch, N_LIKE] = 0
    page.nodes[scratch, 3] = page.nodes[scratch, N_END_TOKEN] = state[TOKENS]
    before = state[TOKENS]
    found = _note_words(page, scratch, spans[_CLASS], 0)
    state[TOKENS] = before
    if found & 2:
        return
    is_formula = found & 4 or _contains(page.data, spans[_SRC], b"latex")
    if is_formula and alt[0] >= 0 and alt[1] > alt[0]:
        add_formula(page, alt[0], alt[1], S_FORMULA)
        return
    page.nodes[page.stack[state[HEIGHT] - 1, K_NODE], N_IMAGES] += 1


@njit(cache=True, nogil=True)
def _licence(page: Any) -> Any:
    """A link to a licence: rel=license, or to Creative Commons."""
    spans, data = page.spans, page.data
    href = spans[_HREF]
    if href[0] < 0:
        return
    host = href[0]
    while host < min(href[1], href[0] + 8) and data[host] != SLASH:
        host += 1
    host += 2
    if _starts(data, host, href[1], b"www."):
        host += 4
    if _contains(data, spans[_REL], b"license") or _starts(data, host, href[1], b"creativecommons.org/"):
        add_fact(page, F_LICENCE, href[0], href[1], 0)


@njit(cache=True, nogil=True)
def _raw(page: Any, tag: Any, start: Any, end: Any) -> Any:
    """Raw text: a title, data about the page, or the source of a formula."""
    kind = page.spans[_TYPE]
    if tag == _TITLE:
        add_fact(page, F_TITLE, start, end, 0)
        _mark_words(page.data, start, end, page.title)
    elif tag == _SCRIPT and kind[0] >= 0:
        if _starts(page.data, kind[0], kind[1], b"application/ld+json"):
            add_fact(page, F_JSON, start, end, 0)
        elif _starts(page.data, kind[0], kind[1], b"math/tex"):
            add_formula(page, start, end, S_TEX)


@njit(cache=True, nogil=True)
def _looks_of(tag: Any) -> Any:
    """How a formatting element makes text look."""
    if tag in (_CODE, _TT, _KBD, _SAMP):
        return CODE
    if tag in (_B, _STRONG):
        return BOLD
    return SUP if tag == _SUP else SUB if tag == _SUB else 0


@njit(cache=True, nogil=True)
def _start_tag(page: Any, at: Any) -> Any:
    """The start tag at `at`; where what follows begins."""
    data, state, stack, spans = page.data, page.state, page.stack, page.spans
    key, end = tag_name(data, at + 1)
    tag = tag_number(key)
    does = TAG_DOES[tag]
    after, closes_itself = read_attributes(data, end, spans)
    if stack[state[HEIGHT] - 1, K_MODE] != HTML:
        if not does & BREAKOUT:
            if not closes_itself and (tag in (T_SVG, T_MATH) or does & INTEGRATION):
                push(page, new_node(page, tag), tag, key, at)
                if does & INTEGRATION:
                    stack[state[HEIGHT] - 1, K_MODE] = HTML
            return after
        leave_foreign(page, at)
    if does & STRUCTURE:
        lang = spans[_LANG] if spans[_LANG, 0] >= 0 else spans[_XML_LANG]
        if tag == _HTML and lang[0] >= 0:
            add_fact(page, F_LANGUAGE, lang[0], lang[1], 0)
        if state[NODES] == 1:
            _note_words(page, 0, spans[_CLASS], 0)
            _note_words(page, 0, spans[_ITEMTYPE], 0)
        return after
    if does & RAW:
        stop = raw_end(data, after, key)
        _raw(page, tag, after, stop)
        return min(find(data, stop, GT) + 1, len(data))
    if does & FORMAT:
        state[LOOKS] |= _looks_of(tag)
        return after
    if does & VOID:
        _void(page, tag, does, at)
        return after
    _open(page, tag, key, does, at, closes_itself)
    if tag == _PLAINTEXT:
        add_text(page, after, len(data))
        return len(data)
    if tag == T_A and _contains(data, spans[_REL], b"author"):
        add_fact(page, F_AUTHOR, after, find(data, after, LT), 0)
    return after


@njit(cache=True, nogil=True)
def _void(page: Any, tag: Any, does: Any, at: Any) -> Any:
    """An element without content."""
    if tag == _BR:
        break_line(page)
    elif tag in (_IMG, _IMAGE):
        _image(page)
    elif tag == _META:
        _meta(page)
    elif tag == _LINK:
        _licence(page)
    elif not does & INLINE:
        close_paragraph(page, at)
        end_block(page)


@njit(cache=True, nogil=True)
def _open(page: Any, tag: Any, key: Any, does: Any, at: Any, closes_itself: Any) -> Any:
    """Open an element of HTML, after what its start closes."""
    data, state, stack, spans = page.data, page.state, page.stack, page.spans
    if does & CLOSES_P:
        close_paragraph(page, at)
    if tag in (T_LI, T_DD, T_DT):
        close_item(page, tag, at)
    elif tag in (T_TD, T_TH, T_TR, T_TBODY, T_THEAD, T_TFOOT, T_CAPTION, T_COLGROUP):
        if not close_for_table_part(page, tag, at):
            return
    elif tag == T_A:
        if state[LOOKS] & LINKED:
            close_link(page, at)
    elif tag == T_BUTTON:
        height = height_of(page, key, 0, False)
        if height > 0:
            end_block(page)
            pop_to(page, height, at)
    elif does & HEADING and TAG_DOES[stack[state[HEIGHT] - 1, K_TAG]] & HEADING:
        end_block(page)
        pop_to(page, state[HEIGHT] - 1, at)
    if not does & INLINE:
        end_block(page)
    if tag == T_SVG and closes_itself:
        return
    node = new_node(page, tag)
    shown = _describe(page, node, tag)
    push(page, node, tag, key, at)
    if shown:
        stack[state[HEIGHT] - 1, K_SKIP] = 1
    if tag == T_A:
        if spans[_HREF, 0] >= 0:
            state[LOOKS] |= LINKED
            state[FRESH_LINK] = 1
        _licence(page)
    elif tag == _TIME and spans[_DATETIME, 0] >= 0:
        add_fact(page, F_TIME, spans[_DATETIME, 0], spans[_DATETIME, 1], 0)


@njit(cache=True, nogil=True)
def _end_tag(page: Any, at: Any) -> Any:
    """The end tag at `at`; where what follows begins."""
    state, stack = page.state, page.stack
    key, end = tag_name(page.data, at + 2)
    tag = tag_number(key)
    does = TAG_DOES[tag]
    after, _ = read_attributes(page.data, end, page.spans)
    if stack[state[HEIGHT] - 1, K_MODE] != HTML:
        if tag in (T_SVG, T_MATH) or does & INTEGRATION:
            height = height_of(page, key, 0, False)
            if height > 0:
                pop_to(page, height, after)
            return after
        if not does & SPECIAL:
            return after
        if tag in (T_P, _BR):
            leave_foreign(page, at)
    if tag == _BR:
        break_line(page)
    elif does & FORMAT:
        state[LOOKS] &= ~_looks_of(tag)
    elif tag == T_A:
        close_link(page, after)
    elif not does & (VOID | RAW | STRUCTURE):
        close_named(page, tag, key, after)
    return after


@njit(cache=True, nogil=True)
def _fill(page: Any) -> Any:
    """Scan the whole page."""
    data, state, stack = page.data, page.state, page.stack
    push(page, new_node(page, 0), 0, 0, 0)
    size, at, text = len(data), 0, 0
    while at < size and not state[TOO_DEEP]:
        at = find(data, at, LT)
        if at + 1 >= size:
            break
        byte = data[at + 1]
        if is_letter(byte):
            add_text(page, text, at)
            text = at = _start_tag(page, at)
        elif byte == SLASH and at + 2 < size and is_letter(data[at + 2]):
            add_text(page, text, at)
            text = at = _end_tag(page, at)
        elif byte in (BANG, QUESTION, SLASH) and at + 2 < size:
            add_text(page, text, at)
            if is_section(data, at) and stack[state[HEIGHT] - 1, K_MODE] != HTML:
                text = at = section_end(data, at)
            else:
                text = at = declaration_end(data, at)
        else:
            at += 1
    add_text(page, text, size)
    end_block(page)
    pop_to(page, 1, size)
    end_block(page)
    page.nodes[0, 7] = state[0]


def scan(data: NDArray[np.uint8], tags: int) -> Page:
    """The blocks of a page of UTF-8 bytes, of which `tags` are `<`; where it is too deep, those until there."""
    page = page_of(data, tags)
    _fill(page)
    return page


_ = (SKIP, K_KEY)
