"""Web pages for the demo, made from the Python installation at hand: docstrings and the language reference.

Sources are parsed, never imported, so that nothing runs and no address, path or setting of the machine gets into a
page. The pages carry what real ones do around their text: navigation, breadcrumbs, a banner, a footer with a licence.
"""

from __future__ import annotations

import ast
import html
import inspect
import re
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MIN_PAGE = 600  # characters that documentation must have to get a page of its own
_LEFT_OUT = frozenset(
    {
        *("test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip", "distutils", "pydoc_data"),
        *("site-packages", "dist-packages", "antigravity.py", "this.py"),
    }
)
_LISTING = re.compile(r"^\s{2,}|>>>|\S {2,}\S", re.MULTILINE)
_BULLET = re.compile(r"[-*•] |\d{1,2}[.)] ")
_UNDERLINE = re.compile(r"([*=\-~^\"])\1{2,}")

Block = tuple[str, str]
"""The name of an HTML element (h2, h3, p, pre, li) and the text in it, unescaped."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says: where it stands, its title, its blocks of text and the links beside it."""

    host: str
    path: str
    title: str
    blocks: tuple[Block, ...]
    links: tuple[tuple[str, str], ...] = ()
    licence: str = "PSF-2.0"
    language: str = "en"

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.path}"


LICENCES = {
    "PSF-2.0": ("https://docs.python.org/3/license.html", "Python Software Foundation License Version 2"),
    "Apache-2.0": ("https://www.apache.org/licenses/LICENSE-2.0", "Apache License, Version 2.0"),
}


def installation_pages() -> Iterator[Page]:
    """Pages on modules and classes of the standard library and on topics of the language, in a fixed order.

    Equal installations give equal pages. Raises FileNotFoundError where the library's sources are not installed.
    """
    root = Path(sysconfig.get_path("stdlib"))
    trees = {name: _parsed(path) for name, path in _sources(root)}
    modules = {name: blocks for name, tree in trees.items() if _characters(blocks := tuple(_module(tree))) >= MIN_PAGE}
    if not modules:
        raise FileNotFoundError(f"no sources of the standard library in {root}; the demo is made from them")
    links = tuple((f"/library/{name}.html", name) for name in modules)
    for name, blocks in modules.items():
        yield Page("modules.example", f"/library/{name}.html", f"{name} - module", blocks, links)
        for node in trees[name].body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                members = tuple(_class(node))
                if _characters(members) >= MIN_PAGE:
                    yield Page("classes.example", f"/class/{name}/{node.name}/", f"{name}.{node.name}", members, links)
    yield from _topics(root / "pydoc_data" / "topics.py")


def rendered(page: Page) -> str:
    """The page as HTML: its text within the navigation, sidebar and footer of its site."""
    site = html.escape(page.host.partition(".")[0].title())
    title = html.escape(page.title)
    menu = "".join(f'<li><a href="/{name.lower()}/">{name}</a></li>' for name in _MENU)
    aside = "".join(f'<li><a href="{html.escape(to)}">{html.escape(name)}</a></li>\n' for to, name in page.links)
    url, licence = LICENCES[page.licence]
    return f"""<!DOCTYPE html>
<html lang="{page.language}">
<head>
<title>{title} | {site}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="canonical" href="{html.escape(page.url)}">
<link rel="license" href="{url}">
<style>{_STYLE}</style>
<script>{_SCRIPT}</script>
</head>
<body>
<div class="cookie-banner" role="dialog"><p>We use one cookie to remember that you have seen this.</p>
<button>Accept</button> <button>Decline</button></div>
<header class="site-header"><a class="logo" href="/">{site}</a>
<nav class="main-nav"><ul>{menu}</ul></nav>
<form action="/search"><input type="search" name="q" placeholder="Search"><button>Go</button></form></header>
<div class="breadcrumbs"><a href="/">Home</a> &raquo; <a href="/all/">All pages</a> &raquo; {title}</div>
<aside class="sidebar"><h4>All pages</h4><ul>
{aside}</ul></aside>
<main><article>
<h1>{title}</h1>
{_body(page.blocks)}
</article></main>
<div class="share"><a href="#">Share</a> <a href="#">Print</a> <a href="#">Send to a friend</a></div>
<footer class="site-footer"><p><a rel="license" href="{url}">{licence}</a></p>
<ul><li><a href="/imprint/">Imprint</a></li><li><a href="/privacy/">Privacy</a></li>
<li><a href="/contact/">Contact</a></li></ul></footer>
</body>
</html>
"""


_MENU = ("Home", "Library", "Language", "Tutorials", "News", "Community", "Downloads", "About")
_STYLE = "body{font:16px/1.5 sans-serif}.sidebar{float:right;width:20em}.cookie-banner{position:fixed;bottom:0}"
_SCRIPT = "document.addEventListener('click',e=>{if(e.target.matches('button'))e.target.parentNode.remove()})"


def _body(blocks: Sequence[Block]) -> str:
    parts = []
    before = ""
    for tag, text in blocks:
        if (tag == "li") != (before == "li"):
            parts.append("<ul>" if tag == "li" else "</ul>")
        parts.append(f"<{tag}>{html.escape(text, quote=False)}</{tag}>")
        before = tag
    return "\n".join([*parts, "</ul>"] if before == "li" else parts)


def text_blocks(text: str) -> Iterator[Block]:
    """Plain text as blocks: paragraphs in one line each, list items, headings that are underlined, and listings."""
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        lines = part.splitlines()
        if len(lines) == 2 and _UNDERLINE.fullmatch(lines[1].strip()):
            yield "h2", lines[0].strip()
        elif _BULLET.match(part):
            for item in re.split(r"\n(?=[-*•] |\d{1,2}[.)] )", part):
                yield "li", " ".join(_BULLET.sub("", item, count=1).split())
        elif _LISTING.search(part):
            yield "pre", part
        elif part.strip():
            yield "p", " ".join(part.split())


def _sources(folder: Path, package: str = "") -> Iterator[tuple[str, Path]]:
    """The public modules in a folder and its packages by name, in a fixed order."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name == "__init__.py":
            yield package.removesuffix("."), path
        elif path.name in _LEFT_OUT or path.name.startswith(("_", "config-")):
            continue
        elif path.suffix == ".py":
            yield package + path.stem, path
        elif (path / "__init__.py").is_file():
            yield from _sources(path, f"{package}{path.name}.")


def _parsed(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library's own authors wrote does not concern us
        return ast.parse(path.read_bytes())


def _doc(node: ast.AST) -> str:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    return inspect.cleandoc(ast.get_docstring(node, clean=False) or "")


def _characters(blocks: Sequence[Block]) -> int:
    return sum(len(text) for _, text in blocks)


def _module(tree: ast.Module) -> Iterator[Block]:
    yield from text_blocks(_doc(tree))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and (summary := _doc(node).partition("\n\n")[0]):
            yield "h2", f"class {node.name}"
            yield "p", " ".join(summary.split())
        else:
            yield from _function(node, "h2")


def _class(node: ast.ClassDef) -> Iterator[Block]:
    yield from text_blocks(_doc(node))
    for inner in node.body:
        yield from _function(inner, "h3")


def _function(node: ast.stmt, heading: str) -> Iterator[Block]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_") and _doc(node):
        yield heading, f"{node.name}({ast.unparse(node.args)})"
        yield from text_blocks(_doc(node))


def _topics(path: Path) -> Iterator[Page]:
    """The language reference, which pydoc carries as text for its `help()`; nothing where it is not installed."""
    if not path.is_file():
        return
    [topics] = [ast.literal_eval(node.value) for node in _parsed(path).body if isinstance(node, ast.Assign)]
    links = tuple((f"/topic/{name}", name) for name in sorted(topics))
    for name in sorted(topics):
        yield Page("language.example", f"/topic/{name}", f"Topic: {name}", tuple(text_blocks(topics[name])), links)
