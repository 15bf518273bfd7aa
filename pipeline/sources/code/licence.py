"""What the licence files above a source file and the metadata of its package declare of its licence."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.licences import identify, reuse
from pipeline.licences.expression import expression, ids_of, named
from pipeline.licences.statements.notices import PROPRIETARY
from pipeline.sources.code import cran, gemspec, maven
from pipeline.sources.code.charset import decode
from pipeline.sources.code.licence_header import MAX_QUOTE, Declared, all_of, holder, licence_of, quoted
from pipeline.sources.code.manifest import CLASSIFIER, licence_of_manifest, names_closed
from pipeline.sources.code.paths import is_licence

MAX_METADATA_BYTES: Final = 1 << 18
MAX_LICENCE_FILES: Final = 20_000  # of one archive; the largest trees have a few thousand

_METADATA_FILES: Final = (
    *(
        "pyproject.toml",
        "cargo.toml",
        "setup.cfg",
        "package.json",
        "composer.json",
        "metadata",
        "pkg-info",
        reuse.FILE,
        maven.FILE,
        cran.FILE,
    ),
)
_CFG_LICENCE = re.compile(r"^license(?:_expression)?[ \t]*[=:][ \t]*([^\n]{1,200})$", re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z-]{1,40}):[ \t]*(.{0,500})$", re.MULTILINE)


@dataclass(slots=True)
class Licences:
    """What the licence and metadata files of a tree declare, by folder; filled before its files are judged.

    A `.dist-info` speaks of the folder it stands in, as in a wheel; where several stand side by side, as in
    site-packages, none of them tells what is whose, and none is believed.
    """

    texts: dict[str, list[Declared]] = field(default_factory=dict)
    metadata: dict[str, Declared] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, tuple[reuse.Annotation, ...]] = field(default_factory=dict)
    companions: dict[str, Declared] = field(default_factory=dict)
    packages: dict[str, Licences] = field(default_factory=dict)
    count: int = 0
    _all: Licences | None = None

    @staticmethod
    def wants(path: str) -> bool:
        """Whether this file may declare the licence of others."""
        name = path.rpartition("/")[2].lower()
        is_metadata = name in _METADATA_FILES or name.endswith(gemspec.SUFFIX)
        return is_licence(path) or is_metadata or is_companion(path)

    def add(self, path: str, content: bytes) -> None:
        """Learn from one file, given whole; beyond 20,000 files nothing is learnt."""
        self.count += 1
        if self.count > MAX_LICENCE_FILES:
            return
        package, self._all = package_of(path), None
        if package is not None:
            self.packages.setdefault(package, Licences())._add(path, content)
        else:
            self._add(path, content)

    def _add(self, path: str, content: bytes) -> None:
        text = decode(content).text or content.decode("utf-8", "replace").replace("\r\n", "\n")
        name, home = path.rpartition("/")[2], home_of(path)
        if is_companion(path):
            self.companions[path.removesuffix(reuse.COMPANION)] = replace(
                _of_text(text, path), precedence=reuse.OVERRIDE
            )
        elif name.lower() == reuse.FILE:
            self.annotations[home] = reuse.tables_of(text)
        elif is_licence(path):
            if name.lower().startswith(("notice", "patents", "copyright")):
                return
            self.texts.setdefault(home, []).append(_of_text(text, path))
            named_holder = cran.holder(text) if cran.fills_in(text) else holder(text)
            if named_holder is not None:
                self.holders.setdefault(home, named_holder)
        else:
            declared = _of_metadata(path, text)
            if declared is not None and home not in self.metadata:
                self.metadata[home] = declared

    def of(self, path: str) -> Declared:
        """What holds for a member that declares nothing itself: the nearest folder that says anything.

        `FILE.license` comes first, then REUSE.toml; where a licence file stands nearer than one that does not override,
        that file, or with `aggregate` both. In a folder the licence files count, all of them; where metadata
        there names the same licences, its expression says how they go together (OR, or later), and where it says
        that nobody may use the package (`UNLICENSED`) both hold. Metadata alone counts too. A licence file that is not
        known ends the search, and its terms are unknown, whatever metadata says beside it that it does not hold.
        """
        believed = self._believed()
        if path in believed.companions:
            return believed.companions[path]
        annotated = reuse.stated(believed.annotations, path)
        if annotated is None:
            return believed._nearest(path)
        home, table = annotated
        where = f"{home}/REUSE.toml" if home else "REUSE.toml"
        said = Declared(table.licence, where, f"SPDX-License-Identifier = {table.licence}", table.precedence)
        if table.precedence == reuse.OVERRIDE or _depth(home) >= _depth(believed._folder_of_texts(path)):
            return said
        nearest = believed._nearest(path)
        if table.precedence == reuse.CLOSEST:
            return nearest
        both = [each for each in (said.licence, nearest.licence) if each is not None]
        return replace(said, licence=reuse.together(both) if len(both) == 2 else None)

    def _folder_of_texts(self, path: str) -> str | None:
        """The nearest folder around a member in which a licence file stands."""
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self.texts:
                return folder
        return None

    def _nearest(self, path: str) -> Declared:
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            texts, said = self.texts.get(folder), self.metadata.get(folder)
            if texts is not None:
                return _together(texts, said)
            if said is not None:
                return said
        return Declared()

    def _believed(self) -> Licences:
        """What the tree says and what the packages say that stand alone in their folder, in one."""
        if self._all is None:
            homes = Counter(package.rpartition("/")[0] for package in self.packages)
            alone = [found for package, found in self.packages.items() if homes[package.rpartition("/")[0]] == 1]
            self._all = Licences()
            for side in (self, *alone):
                for folder, texts in side.texts.items():
                    self._all.texts.setdefault(folder, []).extend(texts)
                self._all.annotations |= side.annotations
                self._all.companions |= side.companions
                self._all.metadata = side.metadata | self._all.metadata
                self._all.holders = side.holders | self._all.holders
        return self._all

    def holder_of(self, path: str) -> str | None:
        """Who holds the copyright in a member, as the nearest licence file has it."""
        believed = self._believed()
        folder = believed._folder_of_texts(path)
        return None if folder is None else believed.holders.get(folder)


def _depth(folder: str | None) -> int:
    """How many folders deep; 0 is the root, -1 nowhere."""
    return -1 if folder is None else folder.count("/") + 1 if folder else 0


def is_companion(path: str) -> bool:
    """Whether this file says under which licence another one is: `picture.svg.license`."""
    return path.endswith(reuse.COMPANION) and "." in path.rpartition("/")[2].removesuffix(reuse.COMPANION)


def package_of(path: str) -> str | None:
    """The folder of an installed package's metadata that a file stands in."""
    parts = path.split("/")[:-1]
    at = next((at for at, part in enumerate(parts) if part.endswith((".dist-info", ".egg-info"))), None)
    if at is None:
        at = next((at for at, part in enumerate(parts) if part == "EGG-INFO"), None)
    return None if at is None else "/".join(parts[: at + 1])


def home_of(path: str) -> str:
    """The folder that a licence or metadata file is about."""
    folder = path.rpartition("/")[0]
    if is_licence(path):
        return _home(folder)
    package, _, inner = folder.rpartition("/")
    return package if folder.endswith((".dist-info", ".egg-info")) or inner == "EGG-INFO" else folder


def _home(folder: str) -> str:
    """The folder that a licence file in `folder` is about."""
    parts = folder.split("/")
    for at, part in enumerate(parts):
        if part.endswith((".dist-info", ".egg-info")) or (part.lower() == "licenses" and at == len(parts) - 1):
            inner = [each for each in parts[at + 1 :] if each.lower() != "licenses"]
            return "/".join([*parts[:at], *inner])
    return folder


def _of_text(text: str, where: str) -> Declared:
    """What a licence file holds: licences, and nothing that restricts them; an altered one makes its terms unknown."""
    if cran.fills_in(text):
        return Declared(None, where, holds=cran.FILLED_IN)
    matches = identify(text)
    licence = licence_of(matches)
    if licence == "GPL-3.0-only AND LGPL-3.0-only":  # the Lesser licence is a supplement to the other's text
        licence = "LGPL-3.0-only"
    quote = quoted(text, matches[0]) if licence is not None else None
    return Declared(licence, where, quote, holds=frozenset().union(*(ids_of(match.spdx) for match in matches)))


def _together(texts: list[Declared], said: Declared | None) -> Declared:
    known = [each for each in texts if each.licence is not None]
    licence = all_of([each.licence for each in known if each.licence is not None]) if len(known) == len(texts) else None
    if licence == "GPL-3.0-only AND LGPL-3.0-only":
        licence = "LGPL-3.0-only"
    if said is not None and said.licence == PROPRIETARY:
        return said if licence is None else replace(said, licence=all_of([licence, PROPRIETARY]))
    if said is not None and said.licence is not None:
        ids, holds = ids_of(said.licence), frozenset[str]().union(*(each.holds for each in texts))
        if ids == ids_of(licence) if licence is not None else ids <= holds:
            return said
    return Declared(licence, texts[0].where, texts[0].quote) if licence is not None else Declared()


def _of_metadata(path: str, text: str) -> Declared | None:
    name = path.rpartition("/")[2].lower()
    if name in ("metadata", "pkg-info"):
        return _of_python_metadata(path, text)
    if name == maven.FILE:
        project = maven.licence_of_pom(text)
        return None if project is None else Declared(project[0], path, project[1][:MAX_QUOTE])
    if name == cran.FILE or name.endswith(gemspec.SUFFIX):
        read = cran.licence_of_description if name == cran.FILE else gemspec.licence_of_gemspec
        stated = read(text)
        return None if stated is None else Declared(stated[0], path, stated[1][:MAX_QUOTE])
    if name != "setup.cfg":
        stated = licence_of_manifest(name, text)
        return None if stated is None else Declared(stated[0], path, stated[1][:MAX_QUOTE])
    found = _CFG_LICENCE.search(text)
    licence = _named(found[1]) if found else None
    return Declared(licence, path, " ".join(found[0].split())[:MAX_QUOTE]) if found and licence else None


def _named(words: str) -> str | None:
    return PROPRIETARY if names_closed(words) else named(words)


def _of_python_metadata(path: str, text: str) -> Declared | None:
    """License-Expression, else License, else the one licence classifier (core metadata 2.4)."""
    fields = _FIELD.findall(text.partition("\n\n")[0])
    for wanted, reader in (("License-Expression", expression), ("License", _named)):
        for key, value in fields:
            if key == wanted and (licence := reader(value)) is not None:
                return Declared(licence, path, f"{key}: {value}"[:MAX_QUOTE])
    classified = [value for key, value in fields if key == "Classifier" and value.startswith("License ::")]
    if len(classified) == 1 and (licence := _named(classified[0].removeprefix(CLASSIFIER))) is not None:
        return Declared(licence, path, f"Classifier: {classified[0]}"[:MAX_QUOTE])
    return None


def name_and_version(text: str) -> str | None:
    """The package of a METADATA or PKG-INFO as a package URL (pkg:pypi/name@version)."""
    fields = dict(reversed(_FIELD.findall(text.partition("\n\n")[0])))
    name, version = fields.get("Name", "").strip(), fields.get("Version", "").strip()
    if not name or not version:
        return None
    return f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}"
