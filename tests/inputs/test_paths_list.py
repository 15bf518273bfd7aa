"""Lists of files: what their names go by, what is no list, and a crawl read from a web server by one."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import storage
from pipeline.__main__ import main
from pipeline.demo.shards import write_demo_shards
from pipeline.inputs import paths_list
from pipeline.inputs.patterns import named_files, root_of
from pipeline.trouble import ConfigError
from tests.e2e import drive

ENDS = (".warc.gz",)
FOLDER = "crawl-data/CC-MAIN-2026-04"
GO_BY = [
    ("segments/1/a.warc.gz", f"/{FOLDER}", "segments/1/a.warc.gz"),
    (f"{FOLDER}/segments/1/a.warc.gz", "", f"{FOLDER}/segments/1/a.warc.gz"),
    ("CC-MAIN-2026-04/a.warc.gz", "/crawl-data", "CC-MAIN-2026-04/a.warc.gz"),
    ("CC-MAIN-2026-05/a.warc.gz", f"/{FOLDER}", "CC-MAIN-2026-05/a.warc.gz"),
    ("b.warc.gz\n\n a.warc.gz \r\nb.warc.gz\n", f"/{FOLDER}", "a.warc.gz b.warc.gz"),
    ("", f"/{FOLDER}", ""),
]
WRONG = [
    (b"a.warc.gz\n../b.warc.gz\n", "line 2: '../b.warc.gz' is no name"),
    (b"a//b.warc.gz", "line 1: 'a//b.warc.gz' is no name"),
    (b"s3://bucket\n", "line 1: '' is no name"),
    (b"a.warc.gz\nhttps://x.example/b.warc.gz", "a.warc.gz and https://x.example/b.warc.gz go by different"),
    (b"https://x.example/a\nhttps://y.example/a", "make a list and a source of each"),
    (b"gs://bucket/a.warc.gz", "line 1: gs://bucket/a.warc.gz: gs:// is not read"),
    (b"https://me:secret@x.example/a", "line 1: https://...@x.example: no credentials in URLs"),
    (b"\xff\xfe", "not UTF-8 at byte 0"),
]


@pytest.mark.parametrize(("content", "root", "names"), GO_BY)
@pytest.mark.parametrize("is_packed", [False, True])
def test_what_names_go_by(tmp_path: Path, content: str, root: str, names: str, is_packed: bool) -> None:
    path = tmp_path / FOLDER / ("warc.paths.gz" if is_packed else "warc.paths")
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(content.encode()) if is_packed else content.encode())
    assert paths_list.listed(str(path)) == (f"{tmp_path}{root}", names.split())
    assert root_of(str(path)) == f"{tmp_path}{root}"


def test_whole_urls_go_by_their_host_and_paths_by_the_root(tmp_path: Path) -> None:
    path = tmp_path / "first.paths"
    path.write_text("s3://bucket/x/b.warc.gz\ns3://bucket/a.warc.gz\n")
    assert paths_list.listed(str(path)) == ("s3://bucket", ["a.warc.gz", "x/b.warc.gz"])
    path.write_text(f"{tmp_path}/a.warc.gz\n")
    assert paths_list.listed(str(path)) == ("/", [f"{tmp_path}/a.warc.gz"[1:]])


@pytest.mark.parametrize(("content", "message"), WRONG)
def test_what_is_no_list_is_told_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "warc.paths").write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(message)) as raised:
        paths_list.listed(str(tmp_path / "warc.paths"))
    assert str(raised.value).startswith(f"{tmp_path}/warc.paths")


def test_a_torn_or_endless_list_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "warc.paths.gz"
    path.write_bytes(gzip.compress(b"a.warc.gz\n" * 99)[:-9])
    with pytest.raises(ConfigError, match="not a whole gzip file"):
        paths_list.listed(str(path))
    path.write_bytes(gzip.compress(b"a.warc.gz\n" * 99))
    monkeypatch.setattr(paths_list, "MAX_BYTES", 99)
    with pytest.raises(ConfigError, match="over 99 bytes"):
        paths_list.listed(str(path))


@given(st.sets(st.lists(st.sampled_from(["a", "b", "crawl", "x y"]), min_size=1, max_size=4).map("/".join), max_size=6))
def test_a_list_of_all_files_of_a_folder_means_what_the_folder_does(
    tmp_path_factory: pytest.TempPathFactory, folders: set[str]
) -> None:
    root = tmp_path_factory.mktemp("listed")
    names = [f"{folder}/{name}" for folder in folders for name in ("1.warc.gz", "2.txt")]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "all.paths").write_text("\n".join(names))
    left_out = storage.LeftOut()
    base, listed = named_files(f"{root}/all.paths", ENDS, left_out)
    assert (base, [*listed]) == (str(root), [*named_files(str(root), ENDS)[1]])
    assert sorted(left_out.files) == sorted(name for name in names if name.endswith(".txt"))


def test_a_folder_of_such_a_name_is_one_and_what_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "all.paths").mkdir()
    (tmp_path / "all.paths/a.warc.gz").touch()
    assert named_files(f"{tmp_path}/all.paths", ENDS) == (f"{tmp_path}/all.paths", {"a.warc.gz": None})
    with pytest.raises(FileNotFoundError):
        named_files(f"{tmp_path}/none.paths", ENDS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL under which it can be read but not listed."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            path = Path(self.translate_path(self.path))
            if not path.is_file():
                self.send_error(403 if path.is_dir() else 404)
                return
            content = path.read_bytes()
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            part = content[int(asked[1]) : int(asked[2]) + 1] if asked else content
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(part)

        do_HEAD = do_GET  # noqa: N815 - so http.server calls it

        def log_message(self, *_: object) -> None:
            """Nothing: warnings are errors here, and so would noise be."""

    folder = tmp_path / "site"
    folder.mkdir()
    fsspec.get_filesystem_class("http").clear_instance_cache()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{site.server_address[1]}"
        site.shutdown()
    fsspec.get_filesystem_class("http").clear_instance_cache()


def test_a_crawl_is_read_by_its_list_from_a_web_server(
    server: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, url = server
    write_demo_shards(tmp_path / "raw")
    names = [f"{FOLDER}/segments/{n}/{path.name}" for n, path in enumerate(sorted((tmp_path / "raw/web").glob("*.gz")))]
    for name in names:
        (folder / name).parent.mkdir(parents=True)
        (tmp_path / "raw/web" / Path(name).name).rename(folder / name)
    config = "run: crawl\nsources:\n  web: {reader: {kind: commoncrawl}, inputs: %s}\nfilter:\n  - {kind: normalise}\n"
    (folder / FOLDER / "warc.paths.gz").write_bytes(gzip.compress("\n".join(names).encode()))
    (tmp_path / "listed.yaml").write_text(config % f"{url}/{FOLDER}/warc.paths.gz")
    (tmp_path / "local.yaml").write_text(config % folder)
    for name in ("listed", "local"):
        drive.run_here(tmp_path / f"{name}.yaml", tmp_path / name)
    listed, local = (drive.digest(tmp_path / name) for name in ("listed", "local"))
    assert listed == local
    published = sorted((tmp_path / "listed" / "40_published").glob("*.parquet"))
    paths = {path for file in published for path in pq.read_table(file, columns=["raw_path"])["raw_path"].to_pylist()}
    assert paths and paths <= set(names)
    (folder / names[0]).unlink()
    assert main(["run", "--config", str(tmp_path / "listed.yaml"), "--data", str(tmp_path / "new"), "--plan"]) == 2
    assert f"{url}/{names[0]} is named and is not there" in capsys.readouterr().err
