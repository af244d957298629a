"""The benchmarks' arithmetic, their report and their worker, on tiny fakes. No speed is asserted."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import corpus, report
from bench.__main__ import main, run
from bench.cases import CASES
from bench.measure import (
    Figure,
    OthersLoad,
    busy_seconds,
    in_turns,
    process_seconds,
    rate,
    rounded,
    summary,
)
from bench.report import CaseResult, number, spread
from bench.worker import BenchError, Worker, environment
from bench.workshop import QUICK, Sizes, Workshop
from rag.language import detect
from rag.text import split_sentences

SECONDS = Figure("search", "s", (0.5, 2.0, 1.0), (1.0, 1.0, 4.0), "a script", 1.0, "it does less")
ABOUT = {
    "processor": "An Example", "cores": 2, "system": "Linux x86_64", "python": "3.11.7",
    "packages": {"torch": "2.0"},
}  # fmt: skip


def test_ratios_are_taken_pair_by_pair() -> None:
    assert SECONDS.ratios == (2.0, 0.5, 4.0)
    rates = Figure("decode", "tokens/s", (10.0, 30.0), (20.0, 10.0))
    assert rates.ratios == (0.5, 3.0)
    assert Figure("alone", "s", (1.0,)).ratios == ()


@pytest.mark.parametrize(
    ("unit", "samples", "target", "reached"),
    [
        ("s", (0.1, 5.0, 0.3), 0.3, True),  # the median, not the mean or the worst
        ("s", (0.31,), 0.3, False),
        ("tokens/s", (50.0, 100.0), 75.0, True),
        ("tokens/s", (74.0,), 75.0, False),
        ("s", (9.0,), None, None),
    ],
)
def test_a_target_is_held_against_the_median(
    unit: str, samples: tuple[float, ...], target: float | None, reached: bool | None
) -> None:
    assert Figure("x", unit, samples, target=target).reached is reached  # type: ignore[arg-type]


def test_a_figure_needs_samples_of_both_sides() -> None:
    with pytest.raises(ValueError, match="search: 0 of ours"):
        Figure("search", "s", ())
    with pytest.raises(ValueError, match="search: 2 of ours, 1 of the peer"):
        Figure("search", "s", (1.0, 2.0), (1.0,))


def test_a_figure_as_json() -> None:
    assert SECONDS.to_dict() == {
        "name": "search",
        "unit": "s",
        "n": 3,
        "ours": {"median": 1.0, "min": 0.5, "max": 2.0},
        "peer": {"median": 1.0, "min": 1.0, "max": 4.0},
        "peer_name": "a script",
        "ratio": {"median": 2.0, "min": 0.5, "max": 4.0},
        "target": 1.0,
        "reached": True,
        "note": "it does less",
        "samples": {"ours": [0.5, 2.0, 1.0], "peer": [1.0, 1.0, 4.0]},
    }


def test_summary_and_rounding() -> None:
    assert summary(()) is None
    assert summary((1.0, 4.0)) == {"median": 2.5, "min": 1.0, "max": 4.0}
    assert rounded((123456.0, 0.123456, 1.0)) == [123460.0, 0.12346, 1.0]


def test_sides_take_turns_and_neither_always_comes_first() -> None:
    calls: list[tuple[str, int]] = []

    def side(name: str) -> object:
        return lambda i: calls.append((name, i)) or f"{name}{i}"  # type: ignore[func-returns-value]

    taken = in_turns({"ours": side("ours"), "peer": side("peer")}, 3)  # type: ignore[dict-item]
    assert calls == [("ours", 0), ("peer", 0), ("peer", 1), ("ours", 1), ("ours", 2), ("peer", 2)]
    assert taken == {"ours": ["ours0", "ours1", "ours2"], "peer": ["peer0", "peer1", "peer2"]}


def test_a_rate_counts_what_follows_the_first_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 10.5, 11.0, 11.5, 12.0])
    monkeypatch.setattr("bench.measure.time.perf_counter", lambda: next(clock))
    assert rate("abcde") == 2.0


def test_a_rate_stops_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(float(second) for second in range(100))
    monkeypatch.setattr("bench.measure.time.perf_counter", lambda: next(clock))
    taken: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            taken.append(1)
            yield 1

    assert rate(endless(), limit=6.0) == 1.0
    assert len(taken) == 8


def test_too_few_pieces_are_no_rate() -> None:
    with pytest.raises(ValueError, match="stopped after 3 tokens"):
        rate("abc")


def test_a_process_that_fails_is_no_measurement() -> None:
    fails = [
        sys.executable,
        "-c",
        "import sys; sys.stderr.write('no\\nsuch index\\n'); sys.exit(3)",
    ]
    assert process_seconds(fails, environment(), accepted=(0, 3)) > 0
    with pytest.raises(ValueError, match="ended with 3: such index"):
        process_seconds(fails, environment())


def test_busy_seconds_leave_out_what_was_idle(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    #        user nice system idle   iowait irq softirq steal guest guest_nice
    stat.write_text("cpu  100 20 30 5000 600 1 2 47 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    assert busy_seconds(stat) == 2.0
    assert busy_seconds(tmp_path / "none") is None


def test_own_work_is_not_others_load(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {"wall": 0.0, "busy": 100.0, "own": 10.0}
    monkeypatch.setattr("bench.measure.time.perf_counter", lambda: now["wall"])
    monkeypatch.setattr("bench.measure.busy_seconds", lambda: now["busy"])
    monkeypatch.setattr("bench.measure._own_seconds", lambda: now["own"])
    others = OthersLoad()
    now.update(wall=10.0, busy=117.0, own=22.0)
    assert others.cores() == 0.5
    now.update(busy=104.0)  # rounding of the kernel's clocks
    assert others.cores() == 0.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123456, "0.0123"), (1.0, "1.00"), (12.345, "12.3"), (123.4, "123"), (1234.0, "1230"),
     (0.0000123, "0.000012"), (999.9, "1000"), (0.0, "0.00")],
)  # fmt: skip
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_spread() -> None:
    assert spread(()) == "–"
    assert spread((2.0,)) == "2.00"
    assert spread((3.0, 1.0, 2.0)) == "2.00 (1.00..3.00)"
    assert spread((0.5, 2.0), times=True) == "1.25x (0.500..2.00)"


def test_the_report_in_markdown() -> None:
    slow = Figure("decode", "tokens/s", (5.0,), (), target=10.0)
    results = [
        CaseResult("search", (SECONDS, slow), 12.3, 0.06),
        CaseResult("broken", (), 1.0, 0.9, "peer open: its process ended"),
        CaseResult("elsewhere", (), 2.0, None, "no such thing"),
    ]
    assert report.to_markdown(results, ABOUT, "2026-01-02", quick=False) == (
        "# Benchmark of 2026-01-02\n"
        "\n"
        "An Example, 2 cores; Linux x86_64, Python 3.11.7; torch 2.0.\n"
        "\n"
        "Medians; in brackets least to most. *Faster* is the median over pairs taken one after the "
        "other of how many times faster ours is: below 1 the peer is faster. n counts pairs.\n"
        "\n"
        "## search\n"
        "\n"
        "Took 12 s. Other processes kept 0.1 cores busy meanwhile.\n"
        "\n"
        "| | unit | n | ours | peer | faster | target |\n"
        "|---|---|---|---|---|---|---|\n"
        "| search | s | 3 | 1.00 (0.500..2.00) | 1.00 (1.00..4.00) | 2.00x (0.500..4.00) "
        "| <= 1: reached |\n"
        "| decode | tokens/s | 1 | 5.00 | – | – | >= 10: MISSED |\n"
        "\n"
        "- search: peer = a script; it does less\n"
        "\n"
        "## broken\n"
        "\n"
        "Took 1 s. Other processes kept 0.9 cores busy meanwhile; noisy: neither seconds nor "
        "ratios are a quiet machine's.\n"
        "\n"
        "Failed: peer open: its process ended\n"
        "\n"
        "## elsewhere\n"
        "\n"
        "Took 2 s.\n"
        "\n"
        "Failed: no such thing\n"
    )


def test_a_run_goes_on_after_a_case_that_fails(tmp_path: Path) -> None:
    def broken(_: Workshop) -> list[Figure]:
        raise BenchError("peer add: no\nroom")

    written: list[str] = []
    good = run(
        ["broken", "search"],
        tmp_path / "work",
        tmp_path / "out",
        written.append,
        sizes=QUICK,
        cases={"broken": broken, "search": lambda _: [SECONDS]},
        date="2026-01-02",
    )
    assert not good
    data = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert (data["schema"], data["date"], data["quick"]) == (1, "2026-01-02", True)
    assert data["machine"]["cores"] >= 1
    assert [(case["case"], case["error"]) for case in data["cases"]] == [
        ("broken", "peer add: no room"),
        ("search", None),
    ]
    assert data["cases"][1]["figures"] == [SECONDS.to_dict()]
    markdown = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert markdown.startswith("# Benchmark of 2026-01-02 (quick: too few rounds to quote)\n")
    assert written[:2] == ["broken …\n", "search …\n"]
    assert written[2] == f"\n{markdown}"


def test_an_unknown_case_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["help", "helpp"])
    assert stopped.value.code == 2
    assert f"no such case: helpp; there are: {', '.join(CASES)}" in capsys.readouterr().err


def test_workers_measure_without_a_persons_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_MODEL", "/somewhere/else.gguf")
    kept = environment()
    assert "RAG_MODEL" not in kept
    assert kept["HF_HUB_OFFLINE"] == "1"


def test_a_worker_answers_refuses_and_dies_in_one_line(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    corpus.write_documents(docs, 0, 3)
    remembered = str(tmp_path / "digests.json")
    with Worker("peer", tmp_path / "log") as peer:
        assert peer.ask("hash_all", folder=str(docs), remembered=remembered) >= 0
        assert peer.ask("hash_all", folder=str(docs), remembered=remembered) >= 0
        (docs / "report-00001.txt").write_text("changed", encoding="utf-8")
        with pytest.raises(BenchError, match="peer hash_all: ValueError: a file changed"):
            peer.ask("hash_all", folder=str(docs), remembered=remembered)
        with pytest.raises(BenchError, match=r"peer __class__: .*"):
            peer.ask("__class__")
        assert peer._process.stdin is not None
        peer._process.stdin.write("no json\n")
        with pytest.raises(BenchError, match="its process ended"):
            peer.ask("hash_all", folder=str(docs), remembered=remembered)


def test_the_made_up_files_are_the_same_everywhere(tmp_path: Path) -> None:
    assert corpus.document(1).startswith("Selon Paula Underhill, le conseil municipal a payé 599 ")
    corpus.write_documents(tmp_path, 4, 2)
    corpus.write_documents(tmp_path, 6, 1)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        f"report-0000{n}.txt": corpus.document(n) for n in (4, 5, 6)
    }


def test_the_made_up_files_are_real_work() -> None:
    """Five sentences each, half of the files French, hardly a sentence twice."""
    texts = [corpus.document(n) for n in range(1000)]
    assert {n % 2: detect(texts[n]) for n in range(40)} == {0: "en", 1: "fr"}
    sentences = [
        text[span.start : span.end]
        for n, text in enumerate(texts)
        for span in split_sentences(text, "fr" if n % 2 else "en")
    ]
    assert len(sentences) == 5 * len(texts)
    assert len(set(sentences)) > 0.999 * len(sentences)
    assert not any(re.search(r"[{}]", text) for text in texts)
    assert len({corpus.question(n) for n in range(20)}) == 20


def test_the_targets_are_stated_for_full_sizes_only() -> None:
    assert Sizes().files == 1000
    assert QUICK.files < 1000
    assert not QUICK.full
