"""Downloads from a loopback server: whole and right, or not there at all."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Request, Response

from fabgwas.errors import RemoteError, UsageError
from fabgwas_embeddings import _fetch
from fabgwas_embeddings._cli import app
from fabgwas_embeddings._fetch import fetch, remote_files

CONTENT = b"#CHROM\tPOS\n" * 5_000


@pytest.fixture
def table(httpserver: HTTPServer, tmp_path: Path) -> Path:
    def zipped(members: dict[str, bytes]) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return target.getvalue()

    digest = hashlib.md5(CONTENT).hexdigest()
    sums = {
        "a.md5": f"{digest}  /some/where/a.vcf.gz\n",
        "MD5SUMS": f"{'0' * 32}  b.gtf\n{digest}  a.vcf.gz\n",
        "wrong.md5": f"{'1' * 32}  a.vcf.gz\n",
        "other.md5": f"{digest}  b.vcf.gz\n",
    }
    files = {
        "a.vcf.gz": CONTENT,
        "a.zip": zipped({"all.tsv": CONTENT, "readme.txt": b"x"}),
        "two.zip": zipped({"a.tsv": b"", "b.tsv": b""}),
        "bomb.zip": zipped({"a.tsv": bytes(2**22)}),
        **{name: text.encode() for name, text in sums.items()},
    }
    for name, content in files.items():
        httpserver.expect_request(f"/{name}").respond_with_data(content)

    def cut(_: Request) -> Response:
        response = Response(CONTENT)
        response.automatically_set_content_length = False
        response.headers["Content-Length"] = str(len(CONTENT) + 9)
        return response

    httpserver.expect_request("/cut").respond_with_handler(cut)
    rows = {
        "good": ("a.vcf.gz", "a.md5", None),
        "listed": ("a.vcf.gz", "MD5SUMS", None),
        "plain": ("a.vcf.gz", None, None),
        "wrong": ("a.vcf.gz", "wrong.md5", None),
        "unlisted": ("a.vcf.gz", "other.md5", None),
        "zip": ("a.zip", None, "*.tsv"),
        "two": ("two.zip", None, "*.tsv"),
        "bomb": ("bomb.zip", None, "*.tsv"),
        "nozip": ("a.vcf.gz", None, "*.tsv"),
        "gone": ("nowhere", None, None),
        "cut": ("cut", None, None),
    }
    lines = []
    for name, (url, md5, member) in rows.items():
        lines += [f"[{name}]", f'url = "{httpserver.url_for(url)}"']
        lines += [f'md5 = "{httpserver.url_for(md5)}"'] if md5 else []
        lines += [f'member = "{member}"'] if member else []
        lines += [f'file = "{name}.out"', 'licence = "none"']
    path = tmp_path / "urls.toml"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("name", ["good", "listed", "plain", "zip"])
def test_a_file_comes_whole_and_is_written_down(
    table: Path, tmp_path: Path, name: str
) -> None:
    (path,) = fetch([name], tmp_path / "data", table=table)
    assert path.read_bytes() == CONTENT
    record = json.loads((tmp_path / "data" / "fetched.json").read_text())[name]
    assert record["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert record["url"].startswith("http")
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "fetched.json",
        f"{name}.out",
    ]


def test_a_file_that_is_there_is_not_fetched_again(
    table: Path, tmp_path: Path, httpserver: HTTPServer
) -> None:
    fetch(["good", "plain"], tmp_path / "data", table=table)
    requests = len(httpserver.log)
    fetch(["good", "plain"], tmp_path / "data", table=table)
    assert len(httpserver.log) == requests
    (tmp_path / "data" / "plain.out").write_bytes(b"changed by hand")
    (path,) = fetch(["plain"], tmp_path / "data", table=table)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong", "was published"),
        ("unlisted", r"names no checksum of a\.vcf\.gz"),
        ("two", "holds 2 files"),
        ("bomb", "unpacks to more than 200 times its size"),
        ("nozip", "is no zip file"),
        ("gone", "try again"),
        ("cut", "try again"),
    ],
)
def test_what_is_wrong_leaves_nothing(
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    message: str,
) -> None:
    monkeypatch.setattr(_fetch, "_LARGEST_SURELY", 2**20)
    with pytest.raises(RemoteError, match=message):
        fetch([name], tmp_path / "data", table=table)
    assert not list((tmp_path / "data").iterdir())


def test_unknown_names_are_told(table: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dbsnp"):
        fetch(["dbsnp"], tmp_path, table=table)


def test_the_command_fetches_and_lists(table: Path, tmp_path: Path) -> None:
    def call(*arguments: object) -> str:
        result = CliRunner().invoke(app, ["fetch", *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result.stdout

    told = call("good", "zip", "--out", tmp_path / "data", "--table", table)
    assert told.split() == [str(tmp_path / "data" / f"{n}.out") for n in ("good", "zip")]
    assert (tmp_path / "data" / "zip.out").read_bytes() == CONTENT
    listed = call()
    for name, remote in remote_files().items():
        assert f"{name} " in listed
        assert remote.url in listed


def test_the_shipped_table_is_complete() -> None:
    for remote in remote_files().values():
        assert remote.url.startswith("https://")
        assert remote.licence
