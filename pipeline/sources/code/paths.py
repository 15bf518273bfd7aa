"""What the name and place of a file say of it, before anybody reads it."""

from __future__ import annotations

import re
from typing import Final

MAX_NAME_BYTES: Final = 1024  # a longer path is no key: ledgers hold the key of every record that is gone

ARCHIVES: Final = (
    *(".zip", ".whl", ".egg", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"),
)
"""Suffixes of what is opened as an archive of a repository."""

# Compiled code, pictures, sound, fonts, models, databases and office documents: never source text. Archives of other
# kinds and archives within archives are `_PACKED`.
_BINARY_WORDS: Final = (
    " 3ds a aac aif aiff apk arrow avi avif bcmap beam bin blend bmp cab ckpt class cur dcm db dds der"
    " dex djvu dll dmg doc docx dylib eot exe exr fbx fits flac flv gguf gif gmo glb h5 hdf5 heic icns ico idx"
    " jfif jp2 jpeg jpg keystore ko lib m4a m4v mat mdb mid mov mp3 mp4 mpeg mpg msi nib node npy npz o"
    " odp ods odt ogg ogv onnx otf p12 pack parquet pb pbf pcap pcm pdb pdf pfx pickle pkl png pnm pgm ppm ppt pptx"
    " psd pt pth pyc pyd pyo rds rdata rkyv rom safetensors sav seg so sqlite sqlite3 stl swf tflite tga tif tiff tfm"
    " ttc ttf vf wasm wav webm webp wma wmv woff woff2 xcf xls xlsx xpm bdic pak ndx dafsa"
)
_BINARY: Final = frozenset(_BINARY_WORDS.split())
_VERSIONED_LIBRARY = re.compile(r"\.so(\.\d{1,9}){1,4}\Z")
_PACKED: Final = (
    *(*ARCHIVES, ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".jar", ".war", ".ear", ".nupkg", ".crate", ".gem"),
    *(".deb", ".rpm", ".lz4", ".z", ".lzma", ".iso", ".vsix", ".xpi", ".crx", ".conda"),
)
_DATA: Final = (
    *(".csv", ".tsv", ".psv", ".jsonl", ".ndjson", ".geojson", ".topojson", ".svg", ".arff", ".pem", ".crt", ".key"),
    *(".log", ".dat", ".pot", ".po", ".gpx", ".kml", ".rdf", ".owl", ".nt", ".warc", ".ics", ".vcf", ".har", ".srt"),
    *(".ai", ".eps", ".obj", ".fig", ".out", ".mtx", ".xyz", ".fasta", ".fa", ".fastq", ".svm", ".b64"),
)
"""Tables, graphs, drawings, translations and recordings, whatever their size."""

# Linguist's vendor.yml has most of these as patterns; as parts of a path they mean the same in every language.
_VENDORED_WORDS: Final = (
    "3rd-party 3rd_party 3rdparty _vendor _vendored _vendored_packages bower_components carthage deps dist extern"
    " external externals godeps jspm_packages node_modules pods site-packages third-party third_party thirdparty"
    " vendor vendored vendors venv virtualenv web_modules _build __pypackages__"
)
_VENDORED: Final = frozenset(_VENDORED_WORDS.split())
_VENDORED_FILE = re.compile(
    r"(?:jquery|bootstrap|prototype|angular|d3|mootools|dojo|tinymce|underscore|backbone|ember|react|vue|modernizr"
    r"|raphael|lodash|moment|fontawesome|font-awesome|normalize|katex|mathjax)(?:[-.]?\d[\w.-]{0,40})?(?:\.slim|\.bundle"
    r"|\.umd|\.esm)?\.(?:js|css)\Z|(?:gradlew|mvnw|gradlew\.bat|mvnw\.cmd|libtool|ltmain\.sh|config\.guess|config\.sub"
    r"|install-sh|aclocal\.m4|missing|depcomp|compile|get-pip\.py|ez_setup\.py|versioneer\.py)\Z"
)
_LOCK_FILES_WORDS: Final = (
    ".pnp.cjs .pnp.js .pnp.loader.mjs .terraform.lock.hcl bun.lock bun.lockb cabal.project.freeze cargo.lock"
    " cartfile.resolved composer.lock conda-lock.yml deno.lock flake.lock gemfile.lock glide.lock go.sum gopkg.lock"
    " gradle.lockfile module.bazel.lock mix.lock npm-shrinkwrap.json package-lock.json package.resolved"
    " packages.lock.json paket.lock pdm.lock pipfile.lock pixi.lock pnpm-lock.yaml podfile.lock poetry.lock"
    " project.assets.json pubspec.lock pylock.toml rebar.lock shard.lock stack.yaml.lock uv.lock yarn.lock"
)
_LOCK_FILES: Final = frozenset(_LOCK_FILES_WORDS.split())
_GENERATED_FILE = re.compile(
    r"_pb2(?:_grpc)?\.pyi?\Z|\.pb(?:\.gw|\.validate)?\.(?:go|cc|h|swift|dart)\Z|\.pbobjc\.[hm]\Z|\.g(?:r|\.dart)?\.(?:cs"
    r"|dart)\Z|\.designer\.(?:cs|vb)\Z|\.(?:freezed|gen|generated|mocks)\.\w{1,5}\Z|(?:^|/)zz_generated\.|\.(?:js|css)\.map"
    r"\Z|(?:^|/)(?:parsetab|lextab|yacctab)\.py\Z|\.snap\Z|\.min\.map\Z|\.feature\.cs\Z|(?:^|/)npm-debug\.log"
)
_GENERATED_PART = re.compile(
    r"(?:^|/)[^/]+\.(?:dist-info|egg-info|data/(?:data|scripts))(?:/|\Z)|(?:^|/)__generated__/"
)
_MINIFIED_FILE = re.compile(r"[.-]min\.(?:js|mjs|cjs|css)\Z")
_LICENCE_FILE = re.compile(
    r"(?:un)?licen[sc]es?(?:[-_.][\w.+-]{1,60})?\Z|copying(?:[-_.][\w.+-]{1,40})?\Z|copyright(?:\.(?:md|txt|rst))?\Z"
    r"|[\w.+-]{1,40}[-_.]licen[sc]e(?:\.(?:md|txt|rst|html))?\Z|notice(?:\.(?:md|txt|rst))?\Z|patents\Z"
)
_CODE_SUFFIX = re.compile(
    r"\.(?:py|pyi|js|ts|go|rs|java|c|h|cc|cpp|cs|rb|php|sh|pl|swift|kt|json|ya?ml|toml|tsx|jsx)\Z"
)
_CONTROL = re.compile("[\0-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def safe_name(name: str) -> str | None:
    """The path of a member relative to its archive, with "/" and without "." parts; None where it leads elsewhere.

    Elsewhere: absolute, with a drive, with a part "..", empty, with control characters, or over 1,024 bytes.
    """
    name = name.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name) or _CONTROL.search(name):
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        return None
    path = "/".join(parts)
    return path if len(path.encode()) <= MAX_NAME_BYTES else None


def is_archive(name: str) -> bool:
    """Whether a file of this name is read as the archive of a repository."""
    return name.lower().endswith(ARCHIVES)


def is_licence(path: str) -> bool:
    """Whether this is a file that states a licence, by its name (LICENSE, COPYING.LESSER, LICENSE-MIT.txt, NOTICE)."""
    folder, _, name = path.lower().rpartition("/")
    if _CODE_SUFFIX.search(name):
        return False
    in_folder = folder.rpartition("/")[2] == "licenses" and name.endswith((".txt", ".md"))  # reuse.software
    return in_folder or bool(_LICENCE_FILE.match(name))


def is_never_text(path: str) -> bool:
    """Whether the ending means machine code, pictures, sound, fonts, models or a database."""
    name = path.rpartition("/")[2].lower()
    return name.rpartition(".")[2] in _BINARY if "." in name else False


def is_library(path: str) -> bool:
    """Whether the name is that of a shared library with a version (libx.so.1.2)."""
    return bool(_VERSIONED_LIBRARY.search(path.lower()))


def reason_by_name(path: str) -> str | None:
    """Why a file of this path in its repository is not wanted, without the source's name; None where it may be."""
    lower = path.lower()
    folders, _, name = lower.rpartition("/")
    if name.endswith(_PACKED):
        return "archive_within"
    if not _VENDORED.isdisjoint(folders.split("/")) or _VENDORED_FILE.match(name):
        return "vendored"
    if name in _LOCK_FILES:
        return "lock_file"
    if is_licence(path):
        return "licence_file"
    if _MINIFIED_FILE.search(name):
        return "minified"
    if _GENERATED_FILE.search(lower) or _GENERATED_PART.search(lower):
        return "generated"
    return "data" if name.endswith(_DATA) else None
