"""The figures for people: Markdown tables, and plots where matplotlib is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eval.metrics import AUDIT, HEADLINE

PLOTTED: dict[str, str] = {
    "evidence_recall_3": "evidence among\nthe first 3",
    "citation_recall": "gold cited",
    "citation_precision": "citations\nthat are gold",
    "correct": "correct",
    "abstained_near_miss": "near misses\nabstained on",
    "abstained_far_off": "far-off ones\nabstained on",
    "abstained_left_out": "left-out ones\nabstained on",
    "false_abstention": "wrongly\nabstained",
}
"""Figures of the plots, with their labels; those without a value are left out."""
_KIND_COLUMNS = {
    "evidence_recall_3": "evidence @3",
    "citation_recall": "gold cited",
    "citation_precision": "citations gold",
    "correct": "correct",
    "crag": "score",
    "answer_rate": "answered",
}
_LISTED = {
    "failed": "Failed",
    "answered_though_unanswerable": "Answered though nothing answers them",
    "premise_affirmed": "False premise neither refuted nor abstained on",
    "abstained_though_answerable": "Abstained on though answerable",
    "wrong": "Answered without an accepted string",
    "undecided": "Undecided: accepted string and cited gold disagree",
    "quote_not_exact": "A quote is not what stands at its offsets",
    "other_language": "Answered in another language",
}
_COLOURS = ("#4c566a", "#2a78b5", "#c8553d", "#5b8c5a", "#8e6c8a", "#b08d2e")
_NOT_SHARES = ("quote_characters",)


def write_report(
    figures: Mapping[str, Any], seconds: Mapping[str, Mapping[str, float]], out: Path
) -> str:
    """Writes summary.md and the plots into `out`; returns the Markdown.

    Earlier runs of the same questions that lie beside `out` (their figures.json) become the
    history, in the order of their folders' names.
    """
    runs = [*earlier(figures, out), (out.name, figures)]
    if find_spec("matplotlib") is None:
        plots = ["No plots: matplotlib is not installed (it comes with `attest-rag[dev]`)."]
    else:
        _plot_languages(figures, out / "figures.png")
        plots = ["![Figures with 95% intervals](figures.png)"]
        if len(runs) > 1:
            _plot_history(runs, out / "history.png")
            plots.append("![History over runs](history.png)")
    text = _markdown(figures, seconds, plots)
    (out / "summary.md").write_text(text, encoding="utf-8")
    return text


def earlier(figures: Mapping[str, Any], out: Path) -> list[tuple[str, dict[str, Any]]]:
    """(folder, figures) of finished runs beside `out` over the same questions, by name."""
    found = []
    for path in sorted(out.resolve().parent.glob("*/figures.json")):
        if path.parent.name == out.resolve().name:
            continue
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # somebody else's file
        same = ("schema", "set_sha256")
        if isinstance(run, dict) and all(run.get(key) == figures[key] for key in same):
            found.append((path.parent.name, run))
    return found


# --- Markdown -----------------------------------------------------------------------------


def _markdown(
    figures: Mapping[str, Any], seconds: Mapping[str, Mapping[str, float]], plots: Sequence[str]
) -> str:
    groups: Mapping[str, Mapping[str, Mapping[str, float]]] = figures["groups"]
    sizes: Mapping[str, int] = figures["sizes"]
    columns = ["all", *(group for group in groups if group.startswith("language:"))]
    models = ", ".join(f"{role} {name or 'none'}" for role, name in figures["models"].items())
    boot = figures["bootstrap"]
    lines = [
        f"# Eval of {figures['set']}",
        "",
        f"{figures['questions']} questions ({figures['pairs']} after joining pairs); "
        f"{models or 'no model answered'}.",
        f"In brackets: 95% intervals, percentile bootstrap of {boot['resamples']:,} resamples that "
        "draw pairs; n = questions that the figure applies to. An interval of no width means that "
        "all were alike, not that the figure is certain.",
        "",
        "## Figures",
        "",
        *_table(HEADLINE, columns, groups, sizes),
        "",
        "## By kind",
        "",
        *_kinds(groups, sizes),
        "",
        "## Audit: how far the judges can be trusted",
        "",
        "Correct = an accepted string stands in the answer or in a quote that it cites. Where that "
        "and the cited gold disagree, a person has to look.",
        "",
        *_table(AUDIT, columns, groups, sizes),
        "",
        "## Seconds",
        "",
        *_seconds(seconds),
        "",
        *plots,
        "",
        "## Which questions",
        "",
        *_lists(figures["lists"]),
    ]
    return "\n".join(lines) + "\n"


def _table(
    names: Mapping[str, str],
    columns: Sequence[str],
    groups: Mapping[str, Mapping[str, Mapping[str, float]]],
    sizes: Mapping[str, int],
) -> list[str]:
    heads = [f"{column.removeprefix('language:')} ({sizes[column]})" for column in columns]
    rows = [f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for name, label in names.items():
        cells = [groups[column].get(name) for column in columns]
        if any(cells):
            rows.append(f"| {label} | {' | '.join(_cell(name, cell) for cell in cells)} |")
    return rows


def _cell(name: str, figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return "–"
    form = "{:.0f}" if name in _NOT_SHARES else "{:.2f}"
    value, low, high = (form.format(figure[key]) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}] n={figure['n']:.0f}"


def _kinds(
    groups: Mapping[str, Mapping[str, Mapping[str, float]]], sizes: Mapping[str, int]
) -> list[str]:
    rows = [
        f"| kind (n) | {' | '.join(_KIND_COLUMNS.values())} |",
        "|---|" + "---|" * len(_KIND_COLUMNS),
    ]
    for group, found in groups.items():
        if group.startswith("kind:"):
            kind = group.removeprefix("kind:").replace("_", " ")
            cells = [
                f"{found[name]['value']:.2f} [{found[name]['low']:.2f}, {found[name]['high']:.2f}]"
                if name in found
                else "–"
                for name in _KIND_COLUMNS
            ]
            rows.append(f"| {kind} ({sizes[group]}) | {' | '.join(cells)} |")
    return rows


def _seconds(seconds: Mapping[str, Mapping[str, float]]) -> list[str]:
    rows = ["| until | p50 | p95 | n |", "|---|---|---|---|"]
    for name, label in (("evidence", "the evidence is there"), ("answer", "the answer is whole")):
        if name in seconds:
            s = seconds[name]
            rows.append(f"| {label} | {s['p50']:.2f} | {s['p95']:.2f} | {s['n']:.0f} |")
    return rows


def _lists(lists: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [
        f"- {label} ({len(lists[name])}): {', '.join(lists[name][:40])}"
        + (" …" if len(lists[name]) > 40 else "")
        for name, label in _LISTED.items()
        if lists.get(name)
    ]
    return rows or ["Nothing went wrong."]


# --- plots --------------------------------------------------------------------------------


def _plot_languages(figures: Mapping[str, Any], path: Path) -> None:
    """Bars with intervals, a group a figure, a colour a language."""
    groups = figures["groups"]
    columns = [group for group in groups if group.startswith("language:")]
    if len(columns) != 1:
        columns = ["all", *columns]
    names = [name for name in PLOTTED if any(name in groups[column] for column in columns)]
    picture, axes = _axes(max(6.0, 1.3 * len(names)), 4.2)
    width = 0.8 / len(columns)
    for rank, column in enumerate(columns):
        found = [
            (at, groups[column][name]) for at, name in enumerate(names) if name in groups[column]
        ]
        if not found:
            continue
        places = [at + (rank - (len(columns) - 1) / 2) * width for at, _ in found]
        values = [figure["value"] for _, figure in found]
        below = [max(0.0, figure["value"] - figure["low"]) for _, figure in found]
        above = [max(0.0, figure["high"] - figure["value"]) for _, figure in found]
        axes.bar(
            places,
            values,
            width * 0.92,
            yerr=[below, above],
            color=_COLOURS[rank % len(_COLOURS)],
            error_kw={"elinewidth": 1, "capsize": 2.5, "ecolor": "#222222"},
            label=f"{column.removeprefix('language:')} ({figures['sizes'][column]})",
        )
    axes.set_xticks(range(len(names)), [PLOTTED[name] for name in names], fontsize=8)
    axes.set_ylim(0, 1.02)
    axes.set_title(f"{figures['set']}: figures with 95% intervals", fontsize=10, loc="left")
    _finish(picture, axes, path, len(columns))


def _plot_history(runs: Sequence[tuple[str, Mapping[str, Any]]], path: Path) -> None:
    """A line a figure over the runs, the last 20 at most."""
    shown = runs[-20:]
    names = [name for name in PLOTTED if name in shown[-1][1]["groups"]["all"]]
    picture, axes = _axes(max(6.0, 0.8 * len(shown) + 3), 4.2)
    for rank, name in enumerate(names):
        points = [
            (at, run["groups"]["all"][name]["value"])
            for at, (_, run) in enumerate(shown)
            if name in run["groups"]["all"]
        ]
        axes.plot(
            [at for at, _ in points],
            [value for _, value in points],
            marker="o",
            markersize=3.5,
            linewidth=1.4,
            linestyle="-" if rank < len(_COLOURS) else "--",
            color=_COLOURS[rank % len(_COLOURS)],
            label=PLOTTED[name].replace("\n", " "),
        )
    axes.set_xticks(range(len(shown)), [name for name, _ in shown], fontsize=8, rotation=30)
    axes.set_ylim(-0.02, 1.02)
    axes.set_title(f"{shown[-1][1]['set']}: over runs", fontsize=10, loc="left")
    _finish(picture, axes, path, 4)


def _axes(width: float, height: float) -> tuple[Any, Any]:
    # Without pyplot: no display, no state kept between plots.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(width, height), dpi=130)
    FigureCanvasAgg(picture)
    axes = picture.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", labelsize=8)
    return picture, axes


def _finish(picture: Any, axes: Any, path: Path, columns: int) -> None:
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=columns, fontsize=8, frameon=False
    )
    picture.savefig(path, bbox_inches="tight", metadata={"Software": None})
