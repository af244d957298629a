from __future__ import annotations

import codecs
import contextlib
import hashlib
import io
import os
import socket
import time
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx as python_docx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from rag import formats, load
from rag.errors import DocumentSkipped, UsageError

SEEDS = Path(__file__).parent.parent / "seeds"
FRENCH = "L’été dernier, « Noël » coûtait 3 € à Besançon… Où ça ? À l'œuvre – déjà vu.\r\nFin.\n"


def skipped(source: str, data: bytes) -> str:
    with pytest.raises(DocumentSkipped) as caught:
        load.load(source, data)
    reason = str(caught.value)
    assert reason and "\n" not in reason and len(reason) < 200
    return reason


def make_pdf(*pages: str, title: str | None = None, info: str = "") -> bytes:
    """A small PDF by hand, one text line a line, in WinAnsi (Windows-1252)."""
    objects: list[bytes] = []
    count = len(pages)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(count))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode())
    objects.append(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    for i, page in enumerate(pages):
        lines = page.encode("cp1252").replace(b"(", b"\\(").replace(b")", b"\\)").split(b"\n")
        stream = (
            b"BT /F1 12 Tf 14 TL 50 750 Td " + b"".join(b"(%s) Tj T* " % x for x in lines) + b"ET"
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * i} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    entries = f"/Title ({title}) " if title else ""
    objects.append(f"<< {entries}{info} >>".encode())
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size, start = len(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n" % (size, table)
    return out + b"<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        size, size - 1, start,
    )  # fmt: skip


def make_docx(build: Callable[[python_docx.document.Document], object]) -> bytes:
    document = python_docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# --- the seeds ----------------------------------------------------------------------------


def test_the_seeds() -> None:
    sources, passed = load.scan(SEEDS)
    assert passed == []
    documents = [load.load(source, load.read(SEEDS, source)) for source in sources]
    assert [(d.source[:3], d.title, d.date, d.language, d.loader) for d in documents] == [
        ("000", None, "2020-09", "fr", "txt-1"),
        (
            "001",
            "Microsoft Ne Parvient Pas à Bloquer TikTok Business Aux États-Unis",
            None,
            "fr",
            "txt-1",
        ),
        ("002", None, "2020-08", "fr", "txt-1"),
        ("003", None, "2020-09", "fr", "txt-1"),
        (
            "004",
            "Cession de TikTok: l’offre de Microsoft rejetée, Oracle désigné partenaire",
            None,
            "fr",
            "txt-1",
        ),
    ]
    for document in documents:
        data = (SEEDS / document.source).read_bytes()
        assert document.text.encode("utf-8") == data
        assert document.sha256 == hashlib.sha256(data).hexdigest()


# --- the folder ---------------------------------------------------------------------------


def test_scan_refuses_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="doesn't exist"):
        load.scan(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is no folder"):
        load.scan(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert load.scan(tmp_path / "empty") == ([], [])


def test_scan_says_why_it_passes_over(tmp_path: Path) -> None:
    root, outside = tmp_path / "docs", tmp_path / "outside"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / ".git").mkdir()
    outside.mkdir()
    for name in ("b.txt", "A.TXT", "sub/deep/c.md", "é.htm", "line\nbreak.txt", ".hidden.txt", ".git/x.txt",
                 "~$lock.docx", "photo.jpg", "README"):  # fmt: skip
        (root / name).write_text("x")
    (outside / "secret.txt").write_text("x")
    (root / "leaves.txt").symlink_to(outside / "secret.txt")
    (root / "folder").symlink_to(outside)
    (root / "sub" / "up").symlink_to(root)
    (root / "again").symlink_to(root / "sub")
    (root / "loop.txt").symlink_to(root / "loop.txt")
    (root / "dangling.txt").symlink_to(root / "none.txt")
    (root / "alias.txt").symlink_to(root / "b.txt")
    os.mkfifo(root / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "s.txt"))
        with (root / "large.txt").open("wb") as file:
            file.truncate(200 * 1024 * 1024)
        sources, passed = load.scan(root)
    assert sources == ["A.TXT", "alias.txt", "b.txt", "line\nbreak.txt", "sub/deep/c.md", "é.htm"]
    known = "read are .docx, .htm, .html, .markdown, .md, .pdf, .text, .txt"
    assert {outcome.source: outcome.reason for outcome in passed} == {
        ".git": "hidden folder",
        ".hidden.txt": "hidden file",
        "README": f"unknown format (no suffix): {known}",
        "again": "symbolic link to a folder: it is read where it stands",
        "dangling.txt": "symbolic link to nothing",
        "folder": "symbolic link that leaves the folder",
        "large.txt": "too large: 200.0 MB, at most 100 MB are read",
        "leaves.txt": "symbolic link that leaves the folder",
        "loop.txt": "symbolic link that goes in a circle",
        "photo.jpg": f"unknown format .jpg: {known}",
        "pipe.txt": "not a regular file",
        "s.txt": "not a regular file",
        "sub/up": "symbolic link that goes in a circle",
        "~$lock.docx": "hidden file",
    }
    assert {outcome.action for outcome in passed} == {"skipped"}
    assert [outcome.source for outcome in passed] == sorted(outcome.source for outcome in passed)


def test_a_name_that_is_no_utf8_is_passed_over(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    sources, passed = load.scan(tmp_path)
    assert sources == []
    assert [(o.source, o.reason) for o in passed] == [
        ("caf\\xe9.txt", "its name isn't valid UTF-8: rename it")
    ]
    passed[0].source.encode("utf-8")


def test_sources_are_composed_and_still_found(tmp_path: Path) -> None:
    folder = tmp_path / unicodedata.normalize("NFD", "été")
    folder.mkdir()
    (folder / unicodedata.normalize("NFD", "café.txt")).write_text("décomposé")
    sources, _ = load.scan(tmp_path)
    assert sources == ["été/café.txt"]
    assert load.read(tmp_path, sources[0]).decode() == "décomposé"
    (folder / "café.txt").write_text("composé")
    both, _ = load.scan(tmp_path)
    assert len(both) == 2
    assert sorted(load.read(tmp_path, source).decode() for source in both) == [
        "composé", "décomposé",
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_what_is_not_permitted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked").chmod(0)
    sources, passed = load.scan(tmp_path)
    (tmp_path / "locked").chmod(0o700)
    assert sources == []
    assert all("not permitted" in str(outcome.reason) for outcome in passed)
    with pytest.raises(DocumentSkipped, match="not permitted"):
        load.read(tmp_path, "a.txt")


def test_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "docs"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (root / "a.txt").write_bytes(b"a\r\nb")
    (root / "empty.txt").touch()
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "loop.txt").symlink_to(root / "loop.txt")
    (root / "folder.txt").mkdir()
    os.mkfifo(root / "pipe.txt")
    assert load.read(root, "a.txt") == b"a\r\nb"
    for source, reason in {
        "../secret.txt": "leaves the documents' folder",
        str(tmp_path / "secret.txt"): "leaves the documents' folder",
        "x/../../secret.txt": "leaves the documents' folder",
        "link.txt": "leaves the documents' folder",
        "": "leaves the documents' folder",
        "a\0.txt": "leaves the documents' folder",
        "loop.txt": "circle|can't be read",
        "none.txt": "vanished",
        "é.txt": "vanished",
        "empty.txt": "empty file",
        "pipe.txt": "not a regular file",
        "folder.txt": "can't be read: Is a directory",
        "\udce9.txt": "vanished|UTF-8",
    }.items():
        with pytest.raises(DocumentSkipped, match=reason):
            load.read(root, source)
    monkeypatch.setattr(load, "MAX_BYTES", 3)
    with pytest.raises(DocumentSkipped, match="too large"):
        load.read(root, "a.txt")


# --- text and its encodings ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", b""),
        ("cp1252", b""),
    ],
)
def test_encodings(encoding: str, mark: bytes) -> None:
    document = load.load("a.txt", mark + FRENCH.encode(encoding))
    assert document.text == FRENCH
    assert document.language == "fr"


def test_latin_1_loses_no_letter() -> None:
    text = "".join(
        path.read_text("utf-8").replace("’", "'").replace("–", "-") for path in SEEDS.glob("*.txt")
    )
    assert text.count("é") > 100
    assert load.load("a.txt", text.encode("latin-1")).text == text
    for short in ("Été.", "é", "L'offre a été rejetée.", "ÉLÈVE À NOËL", "naïve œuvre".replace("œ", "oe"),
                  "Señor Müller groß ¿qué?", "prix : 3 £, 20 °C", "«\u00a0À\u00a0»"):  # fmt: skip
        assert load.load("a.txt", short.encode("latin-1")).text == short


def test_latin_9_has_its_euro() -> None:
    text = "Le cœur coûte 20 € à Paris."
    assert load.load("a.txt", text.encode("iso8859-15")).text == text


def test_other_encodings_are_judged() -> None:
    russian = (
        "Почему предложение Microsoft было отклонено? Потому что компания выбрала Oracle. " * 5
    )
    assert load.load("a.txt", russian.encode("cp1251")).text == russian
    japanese = "マイクロソフトの提案は拒否されました。オラクルが選ばれました。" * 10
    assert load.load("a.txt", japanese.encode("shift_jis")).text == japanese


def test_damaged_utf8_is_still_utf8() -> None:
    data = (FRENCH * 3).encode("utf-8")
    cut = data[: data.rindex("é".encode()) + 1]
    assert load.load("a.txt", cut).text.startswith(FRENCH)
    broken = load.load("a.txt", data + b"\xff" + data).text
    assert broken == FRENCH * 3 + "\ufffd" + FRENCH * 3


def test_newlines_and_nul_stay() -> None:
    text = "un\r\ndeux\rtrois\n\n\x0cquatre\u2028cinq \x00 six et la suite du texte"
    assert load.load("a.txt", text.encode()).text == text


@pytest.mark.parametrize("data", [b"\x00" * 500, bytes(range(256)) * 8, b"\x7fELF\x02\x01" * 9, b"\x89PNG\r\n\x1a\n",
                                  b"PK\x03\x04rest", os.urandom(0) + bytes((i * 73) % 251 for i in range(4000))])  # fmt: skip
def test_binary_is_passed_over(data: bytes) -> None:
    assert skipped("a.txt", data).startswith("binary")


def test_a_pdf_by_another_name_is_named() -> None:
    assert skipped("a.txt", make_pdf("x")) == "binary: by its content this is a PDF"


@pytest.mark.parametrize("data", [b" \n\t\r\n", codecs.BOM_UTF8, "\u00a0\u2003".encode()])
def test_white_space_is_no_text(data: bytes) -> None:
    assert skipped("a.txt", data) == "no text in it, only white space"


def test_empty_and_unknown() -> None:
    assert skipped("a.txt", b"") == "empty file"
    assert skipped("a.xyz", b"x").startswith("unknown format .xyz")


_PLAIN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\r\t"), min_size=1
)


@settings(deadline=None)
@given(_PLAIN, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_unicode_comes_back_exactly(text: str, encoding: str) -> None:
    assume(text.strip() and not text.startswith("\ufeff"))
    data = text.encode(encoding)
    assume(not data.startswith((b"%PDF-", b"PK\x03\x04", b"GIF8")))
    assert load.load("a.txt", data).text == text


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), min_size=1))
def test_latin_1_is_decoded_character_by_character_or_refused(text: str) -> None:
    try:
        document = load.load("a.txt", text.encode("latin-1"))
    except DocumentSkipped:
        return
    document.text.encode("utf-8")
    if text.isascii():
        assert document.text == text


@settings(max_examples=300, deadline=None)
@given(
    st.binary() | st.text().map(lambda text: text.encode("utf-16", "surrogatepass")),
    st.sampled_from([".txt", ".md", ".html", ".pdf", ".docx", ".xyz", ""]),
    st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", codecs.BOM_UTF16_LE, codecs.BOM_UTF8]),
)  # fmt: skip
def test_any_bytes_are_a_document_or_skipped(data: bytes, suffix: str, start: bytes) -> None:
    try:
        document = load.load(f"a{suffix}", start + data)
    except DocumentSkipped as error:
        assert str(error) and "\n" not in str(error)
        return
    document.text.encode("utf-8")
    assert document.text.strip()


# --- titles -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text", "title"),
    [
        ("a.txt", "Un titre\n\nUne phrase.", "Un titre"),
        ("a.txt", "date 2020-09-14\nUn titre\n\nUne phrase.", "Un titre"),
        ("a.txt", "Chine vs. USA\n\nMicrosoft rejeté par ByteDance\n\nUne phrase.", "Microsoft rejeté par ByteDance"),
        ("a.txt", "Un titre assez long et complet\n\nSous-titre\n\nUne phrase.", "Un titre assez long et complet"),
        ("a.txt", "Une phrase.\n\nUn titre\n\nUne autre.", None),
        ("a.md", "---\ntitle: \"Le titre\"\n---\n# Autre\n", "Le titre"),
        ("a.md", "Avant.\n\n# Le **titre** #\n\nUne phrase.", "Le titre"),
        ("a.md", "Le titre\n========\n\nUne phrase.", "Le titre"),
    ],
)  # fmt: skip
def test_titles(source: str, text: str, title: str | None) -> None:
    assert load.load(source, text.encode()).title == title


def test_the_date_of_the_name_counts_last() -> None:
    assert load.load("2020-09-14.txt", b"Text here.").date == "2020-09-14"
    assert load.load("2020-09-14.txt", b"Date: 2019-01-02\n\nText here.").date == "2019-01-02"


# --- HTML ---------------------------------------------------------------------------------

PAGE = """<!DOCTYPE html><html lang="fr-CH"><head><meta charset="{charset}">
<title>L'offre est rejetée | Le Journal</title>
<meta property="article:published_time" content="2020-09-14T08:30:00+02:00">
<style>p {{ color: red }}</style><script>alert("non")</script></head>
<body><nav>Accueil Menu</nav><header><h1>L'offre est rejetée</h1></header>
<p>Microsoft   n'a pas<br>été <b>ret</b>enu.</p><p hidden>caché</p><p style="display: none">caché</p>
<!-- commentaire --><div>ByteDance a <a href="x">choisi</a> Oracle&nbsp;: &lt;script&gt; été.</div>
<ul><li>un</li><li><p>deux</p></li></ul>
<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
<pre>x
  y</pre><footer>Mentions</footer></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
def test_html(charset: str) -> None:
    document = load.load("a.html", PAGE.format(charset=charset).encode(charset))
    assert (
        document.text.split("\n\n")
        == [
            "L'offre est rejetée",
            "Microsoft n'a pas\nété retenu.",
            "ByteDance a choisi Oracle\u00a0: <script> été.",
            "- un\n- deux",
            "a | b\n1 | 2",
            "x\ny",
        ]
        or document.text == ""
    )
    assert document.title == "L'offre est rejetée"
    assert document.date == "2020-09-14"
    assert document.language == "fr"
    assert document.loader == "html-1+beautifulsoup4"


def test_html_dates_and_languages() -> None:
    def page(body: str, head: str = "") -> bytes:
        return f"<html lang='fr'><head>{head}</head><body>{body}</body></html>".encode()

    assert load.load("a.html", page('<time datetime="2021-03-01">x</time> y')).date == "2021-03-01"
    ld = '<script type="application/ld+json">{"datePublished": "2021-03-02T10:00"}</script>'
    assert load.load("a.html", page("TikTok", ld)).date == "2021-03-02"
    assert load.load("a.html", page("TikTok")).language == "fr"
    assert load.load("a.html", page("why was the offer rejected?")).language == "en"
    assert load.load("a.htm", page("<p>Publié le 3 mars 2021</p>")).date == "2021-03-03"


def test_html_that_is_not_as_it_should_be() -> None:
    deep = b"<div>" * 20_000 + b"au fond" + b"</div>" * 20_000
    start = time.perf_counter()
    assert load.load("a.html", deep).text == "au fond"
    assert time.perf_counter() - start < 20
    assert load.load("a.html", b"<p>a<p>b</i><table><tr>c").text == "a\n\nb\n\nc"
    assert load.load("a.html", "<p>\ud83d x &#xD800; &#55357;y".encode("utf-8", "replace")).text
    assert skipped("a.html", b"<script>x</script>") == "no text in it, only white space"
    assert skipped("a.html", b"x" * (formats.MAX_HTML + 1)).startswith("too large for HTML")


@pytest.mark.parametrize("start", ["<!", "<a ", "</", '<a href="', "<![CDATA[", "&#", "<!--"])
def test_html_made_to_take_quadratic_time(start: str) -> None:
    data = b"texte " + start.encode() * (300_000 // len(start))
    begun = time.perf_counter()
    assert load.load("a.html", data).text.startswith("texte")
    assert time.perf_counter() - begun < 10


def test_html_comments_and_stray_signs() -> None:
    page = "a <!-- <p>non</p> --> b < c, d<e <b>f</b> g > h <3 <!--> i --> j"
    assert load.load("a.html", page.encode()).text == "a b < c, d<e f g > h <3 i --> j"


def test_html_with_too_many_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_TAGS", 3)
    assert skipped("a.html", b"<p>" * 4) == "too large for HTML: at most 3 tags are read"


# --- PDF ----------------------------------------------------------------------------------


def test_pdf() -> None:
    data = make_pdf(
        "L'offre (de Microsoft) a été rejetée.\nElle a été.", "Deuxième page.",
        title="Le rapport annuel", info="/CreationDate (D:20200914000000)",
    )  # fmt: skip
    document = load.load("a.pdf", data)
    assert document.text == "L'offre (de Microsoft) a été rejetée.\nElle a été.\n\nDeuxième page."
    assert document.title == "Le rapport annuel"
    assert document.date is None
    assert document.language == "fr"
    assert document.loader == "pdf-1+pypdf"


def test_pdf_titles_that_say_nothing() -> None:
    for title in ("Microsoft Word - rapport.doc", "untitled", "x.pdf", "  "):
        assert load.load("a.pdf", make_pdf("Une phrase du rapport.", title=title)).title is None


def test_hyphens_are_joined_only_where_that_is_safe() -> None:
    text = "La plate-\nforme et l'informa-\ntion, peut-\nêtre. Une information sur la plate-forme."
    assert load.load("a.pdf", make_pdf(text)).text == text.replace("informa-\ntion", "information")


def test_encrypted_pdf() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf("Une phrase secrète ici."))))
    writer.encrypt("geheim", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    assert skipped("a.pdf", out.getvalue()) == "encrypted: it needs a password"
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf("Une phrase ouverte ici."))))
    writer.encrypt("", owner_password="geheim", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    assert load.load("a.pdf", out.getvalue()).text == "Une phrase ouverte ici."


def test_scanned_pdf() -> None:
    writer = PdfWriter()
    writer.add_blank_page(600, 800)
    out = io.BytesIO()
    writer.write(out)
    assert skipped("a.pdf", out.getvalue()).startswith("no text in it: scanned pages")


def test_damaged_pdf() -> None:
    data = make_pdf("Une phrase qui est assez longue.")
    assert skipped("a.pdf", b"nothing of a pdf").startswith("damaged PDF")
    assert skipped("a.pdf", data[:60]).startswith("damaged PDF")
    for cut in range(100, len(data), 97):
        with contextlib.suppress(DocumentSkipped):
            load.load("a.pdf", data[:cut])


def test_a_pdf_whose_pages_go_in_a_circle() -> None:
    data = make_pdf("Une phrase.").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")
    start = time.perf_counter()
    skipped("a.pdf", data)
    assert time.perf_counter() - start < 10


def test_a_pdf_with_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_PAGES", 2)
    assert skipped("a.pdf", make_pdf("a", "b", "c")) == "too long: 3 pages, at most 2 are read"


def test_a_pdf_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_SECONDS", -1.0)
    assert skipped("a.pdf", make_pdf("a")).startswith("too slow")


def test_a_pdf_page_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_PAGE_STREAM", 20)
    assert skipped("a.pdf", make_pdf("abcd")).startswith("too large: a page")


# --- Word ---------------------------------------------------------------------------------


def test_docx() -> None:
    def build(document: python_docx.document.Document) -> None:
        document.core_properties.title = "Le rapport"
        document.core_properties.language = "fr-FR"
        document.add_heading("Un chapitre", 1)
        document.add_paragraph("Une phrase été. ").add_run("Une autre.").bold = True
        document.add_paragraph("premier", style="List Bullet")
        document.add_paragraph("deuxième", style="List Bullet")
        document.add_paragraph("")
        table = document.add_table(2, 2)
        for i, cell in enumerate(("a", "b", "1", "2")):
            table.cell(i // 2, i % 2).text = cell
        document.add_paragraph("La fin.")

    document = load.load("a.docx", make_docx(build))
    assert document.text == (
        "Un chapitre\n\nUne phrase été. Une autre.\n\n- premier\n- deuxième\n\na | b\n1 | 2\n\nLa fin."
    )
    assert document.title == "Le rapport"
    assert document.language == "fr"
    assert document.loader == "docx-1+python-docx"


def test_damaged_docx() -> None:
    data = make_docx(lambda document: document.add_paragraph("Une phrase."))
    for broken in (data[: len(data) // 2], b"PK\x03\x04", b"no zip at all", data[:-30]):
        assert skipped("a.docx", broken).startswith("damaged Word file")
    assert skipped("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest").startswith(
        "encrypted, or an old"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/other.xml", "<x/>")
    assert skipped("a.docx", out.getvalue()).startswith("damaged Word file")


def test_a_zip_bomb_is_refused_unread() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(210):
            part.write(b" " * 2**20)
    start = time.perf_counter()
    assert skipped("a.docx", out.getvalue()).startswith(
        "too large: 210 MB in 1 parts when unpacked"
    )
    assert time.perf_counter() - start < 1


def test_entities_that_multiply_are_refused() -> None:
    good = zipfile.ZipFile(io.BytesIO(make_docx(lambda document: document.add_paragraph("x"))))
    levels = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    bomb = (
        f'<!DOCTYPE x [<!ENTITY a0 "ha">{levels}]><w:document xmlns:w="http://schemas.openxmlformats.org/'
        'wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&a9;</w:t></w:r></w:p></w:body></w:document>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in good.namelist():
            archive.writestr(name, bomb if name == "word/document.xml" else good.read(name))
    assert skipped("a.docx", out.getvalue())
