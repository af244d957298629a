"""The command line, over the real parts: Chroma, all-MiniLM, SmolLM2, the seeds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rag.cli import main
from rag.load import load
from tests.conftest import ROOT, SEEDS
from tests.contract import breaches

BID = "why was Microsoft's bid rejected?"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of the seeds, indexed once."""
    folder = tmp_path_factory.mktemp("data")
    assert main(["index", str(SEEDS), "--data", str(folder)]) == 0
    return folder


def seed_text(source: str) -> str:
    return load(source, (SEEDS / source).read_bytes()).text


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    return captured.out, captured.err


# --- asking -------------------------------------------------------------------------------


def test_the_users_first_question_is_answered_with_exact_quotes(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", BID, "--json", "--data", str(data)]) == 0
    out, err = said(capsys)
    answer = json.loads(out)
    assert err == ""
    assert breaches(answer, seed_text) == []
    assert answer["language"] == "en"
    assert answer["models"]["embedder"].startswith("embedder-")
    assert answer["models"]["judge"].startswith("judge-")
    assert answer["models"]["generator"]
    assert {c["language"] for c in answer["citations"]} == {"fr"}


def test_a_person_sees_the_answer_and_its_sources(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "Sur combien de marchés Tiktok est-il proposé ?", "--data", str(data)]) == 0
    out, err = said(capsys)
    assert err == ""
    assert "65 langues sur 175 marchés" in out
    assert "002_45cfad634d6a36e7.txt, 2020-08" in out
    assert "[1]" in out


def test_what_the_documents_dont_say_is_abstained_on(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "Quelle est la capitale du Pérou ?", "--data", str(data)]) == 3
    out, _ = said(capsys)
    assert out.startswith("Les documents ne répondent pas à cette question.")


def test_the_same_question_twice_gives_the_same_bytes(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for _ in range(2):
        main(["ask", "Qui est le PDG de ByteDance ?", "--json", "--data", str(data)])
        answer = json.loads(said(capsys)[0])
        del answer["seconds"], answer["timings"]
        answers.append(json.dumps(answer))
    assert answers[0] == answers[1]


def test_a_batch_answers_each_line_and_goes_on_after_a_bad_one(data: Path) -> None:
    lines = [
        BID,
        "",
        '{"question": 3}',
        '{"question": "And when?", "history": ["why was Microsoft\'s bid rejected?"]}',
        "x" * 100_000,
        "🙂",
        '{"question": "Et quand ?", "history": [{"role": "user", "content": "Qui a racheté TikTok ?"},'
        ' {"role": "assistant", "content": "…"}]}',
        "{broken",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "rag.cli", "ask", "--json", "-", "--data", str(data)],
        input="\n".join(lines).encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    results = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert run.returncode == 1
    assert run.stderr == b""
    assert len(results) == len(lines)
    assert [set(result) == {"question", "error"} for result in results] == [
        False, True, True, False, True, False, False, True,
    ]  # fmt: skip
    for result in results:
        if "error" not in result:
            assert breaches(result, seed_text) == []
        else:
            assert "\n" not in result["error"]
    assert results[3]["standalone_question"] == "And when? (Microsoft bid rejected)"
    assert results[6]["standalone_question"] == "Et quand ? (racheté TikTok)"
    assert results[5]["abstained"]


def test_search_shows_evidence_without_an_answer(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", BID, "--json", "--limit", "3", "--data", str(data)]) == 0
    found = json.loads(said(capsys)[0])
    assert len(found["evidence"]) == 3
    for item in found["evidence"]:
        assert seed_text(item["source"])[item["start"] : item["end"]] == item["quote"]
    assert main(["search", BID, "--data", str(data)]) == 0
    assert "« " in said(capsys)[0]


def test_only_some_documents_or_dates_are_asked(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--source", "000*", "--source", "003*", "--data", str(data)]
    main(["search", BID, "--json", *chosen])
    found = json.loads(said(capsys)[0])
    assert {item["source"][:3] for item in found["evidence"]} == {"000", "003"}
    assert [len(found["selection"]["sources"]), found["selection"]["of"]] == [2, 5]
    main(["ask", "Qui a rejeté l'offre ?", "--since", "2020-09", "--data", str(data)])
    out, _ = said(capsys)
    assert out.startswith("Recherche dans 2 des 5 documents ; laissés de côté faute de date : 2\n")
    assert main(["search", BID, "--until", "1999", "--data", str(data)]) == 3
    assert said(capsys)[0].endswith("\nnothing found\n")


def test_sources_and_their_texts(data: Path, capfdbinary: Any) -> None:
    assert main(["sources", "--json", "--data", str(data)]) == 0
    documents = json.loads(capfdbinary.readouterr().out)
    assert [(d["source"][:3], d["date"], d["language"]) for d in documents] == [
        ("000", "2020-09", "fr"),
        ("001", None, "fr"),
        ("002", "2020-08", "fr"),
        ("003", "2020-09", "fr"),
        ("004", None, "fr"),
    ]
    for document in documents:
        assert main(["text", document["source"], "--data", str(data)]) == 0
        assert capfdbinary.readouterr().out == (SEEDS / document["source"]).read_bytes()


# --- wrong usage and failures: one line each ----------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ask", ""], 2, "the question is empty"),
        (["ask", "why " * 30_000], 2, "at most 2,000"),
        (["ask", "-"], 2, "--json"),
        (["ask", "why?", "--source", "00*", "--source", "nope*"], 2, "'nope*'"),
        (["search", "why?", "--since", "2020-13"], 2, "'2020-13' is no date"),
        (["ask", "why?", "--since", "2021", "--until", "2020-12"], 2, "swap the dates"),
        (["text", "nothing.txt"], 2, "nothing.txt"),
        (["text", "../../etc/passwd"], 2, "passwd"),
        (["ask", "why?", "--docs", "/nowhere/at/all"], 2, "/nowhere/at/all"),
        (["index", "/nowhere/at/all"], 2, "/nowhere/at/all"),
        (["index", str(ROOT / "docs")], 2, "--data"),
        (["ask", "why?", "--docs", str(ROOT / "docs")], 2, "--data"),
        (["eval", "--set", "/nowhere.jsonl"], 2, "/nowhere.jsonl"),
    ],
)
def test_wrong_usage_gets_one_line(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    assert main([*arguments, "--data", str(data)]) == code
    out, err = said(capsys)
    assert out == ""
    assert err.startswith("rag: ")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("RAG_MODEL", "/nowhere.gguf", "/nowhere.gguf"),
        ("RAG_LLM_URL", "localhost:8080", "http://"),
        ("RAG_LLM_URL", "http://127.0.0.1:9", "http://127.0.0.1:9"),
        ("RAG_CHROMA_URL", "http://127.0.0.1:9", "127.0.0.1:9"),
        ("RAG_EMBEDDER", "/nowhere/model", "/nowhere/model"),
        ("RAG_JUDGE", "/nowhere/judge", "/nowhere/judge"),
    ],
)
def test_a_wrong_setting_gets_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setenv(setting, value)
    code = main(
        [
            "ask",
            "Qui a rejeté l'offre de Microsoft ?",
            "--docs",
            str(SEEDS),
            "--data",
            str(tmp_path),
        ]
    )
    out, err = said(capsys)
    assert code in (1, 2), out
    assert says in err
    assert err.count("\n") == 1


def test_a_damaged_index_is_made_anew_when_asked(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    for path in copy.glob("index.sqlite*"):
        path.unlink()
    (copy / "index.sqlite").write_bytes(b"this is no database at all" * 100)
    assert main(["ask", BID, "--data", str(copy)]) == 1
    err = said(capsys)[1]
    assert "--rebuild" in err
    assert err.count("\n") == 1
    assert main(["index", str(SEEDS), "--rebuild", "--data", str(copy)]) == 0
    assert main(["ask", BID, "--data", str(copy)]) == 0


def test_the_index_follows_its_folder_before_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    where = ["--docs", str(docs), "--data", str(tmp_path / "data")]
    (docs / "library.md").write_text("The library of Elmsford opens at nine.\n", encoding="utf-8")
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    question = "When does the library of Elmsford open?"
    assert main(["index", *where]) == 0
    out = said(capsys)[0]
    assert "1 added" in out
    assert "skipped broken.pdf" in out
    assert main(["ask", question, *where]) == 0
    assert "at nine" in said(capsys)[0]
    (docs / "library.md").write_text("The library of Elmsford opens at ten.\n", encoding="utf-8")
    assert main(["ask", question, *where]) == 0
    assert "at ten" in said(capsys)[0]
    (docs / "library.md").unlink()
    assert main(["ask", question, *where]) == 3


def test_text_of_a_document_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "evil.txt").write_text("The archive \x1b[31mcloses\x1b[0m at noon on Friday.\n")
    where = ["--docs", str(docs), "--data", str(tmp_path / "data")]
    main(["search", "When does the archive close?", *where])
    assert "\x1b" not in said(capsys)[0]


# --- the process --------------------------------------------------------------------------


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from rag.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'chromadb', 'gradio', 'sentence_transformers', 'llama_cpp', 'numpy'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    assert b"doctor" in run.stdout


def test_listing_an_index_that_is_up_to_date_loads_no_model(data: Path) -> None:
    code = (
        "import sys; from rag.cli import main\n"
        f"assert main(['sources', '--data', {str(data)!r}]) == 0\n"
        "heavy = {'torch', 'chromadb', 'gradio', 'sentence_transformers', 'llama_cpp'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr


def test_models_and_doctor(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    models = json.loads(said(capsys)[0])
    assert {m["role"] for m in models} >= {"embedder", "generator", "lexicon"}
    assert all(Path(m["path"]).exists() and m["bytes"] > 0 and m["licence"] for m in models)
    assert main(["models"]) == 0
    assert main(["doctor", "--data", str(data)]) == 0
    out = said(capsys)[0]
    assert "5 documents" in out
    assert "up to date" in out


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
def test_ctrl_c_ends_a_command_with_one_line(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "rag.cli",
            "ask",
            BID,
            "--docs",
            str(SEEDS),
            "--data",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    time.sleep(1.5)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode in (0, 130)
    assert b"Traceback" not in err
    if run.returncode == 130:
        assert out == b""
        assert err.decode().strip().splitlines()[-1].startswith("rag: stopped")
