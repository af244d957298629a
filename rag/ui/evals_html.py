"""The Quality tab as HTML: a run's figures with their intervals, the runs before it, what went
wrong. Set names, questions and folders come from files: all of it is escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from eval.feedback import NAME
from eval.history import Figured, Run, Worst
from rag.ui.evals_svg import Axis, interval_bar, over_runs
from rag.ui.evals_text import EvalStrings, eval_words
from rag.ui.pieces import esc
from rag.ui.text import NBSP, Strings

KEY = (
    "correct",
    "citation_recall",
    "citation_precision",
    "evidence_recall_3",
    "abstention_recall",
    "false_abstention",
    "crag",
    "quotes_exact",
)
"""Figures that are shown unfolded."""
PLOTTED = KEY[:6]
LOWER_IS_BETTER = ("false_abstention", "quote_characters")
_NO_SHARE = ("quote_characters",)
MOST_PLOTTED = 20


def board(runs: Sequence[Run], chosen: str | None, here: Path | None, strings: Strings) -> str:
    """The run that began at `chosen` (else the last one) among all; `here` is the folder that this
    page answers from."""
    said = eval_words(strings)
    if not runs:
        return f'<p class="att-note">{esc(said.no_run)}</p>'
    run = next((run for run in runs if run.date == chosen), runs[-1])
    return (
        '<section class="att-eval">'
        + _head(run, strings)
        + _figures(run, strings)
        + _plots([other for other in runs if other.compares_with(run)], strings)
        + _worst(run, here, strings)
        + _runs(runs, run, strings)
        + "</section>"
    )


def _head(run: Run, strings: Strings) -> str:
    said = eval_words(strings)
    what = strings.count(
        said.of_set, run.questions, name=_name(run, said), date=_moment(run.date, strings)
    )
    models = ", ".join(name or said.no_model for name in run.models.values()) or said.no_model
    seconds = (
        said.seconds.format(
            p50=strings.seconds(run.seconds["p50"]), p95=strings.seconds(run.seconds["p95"])
        )
        if {"p50", "p95"} <= set(run.seconds)
        else ""
    )
    return (
        f'<h2 class="att-part">{esc(said.latest)}</h2><p class="att-facts">'
        f"<span>{esc(what)}</span><span>{esc(said.models.format(models=models))}</span></p>"
        f'<p class="att-hint">{esc(seconds)} {esc(said.compare)}</p>'
    )


def _name(run: Run, said: EvalStrings) -> str:
    return said.feedback_set if run.name == NAME else run.name.removesuffix(".jsonl")


def _figures(run: Run, strings: Strings) -> str:
    said = eval_words(strings)
    rest = [name for name in run.figures if name not in KEY]
    more = (
        f'<details class="att-more-figures"><summary>{esc(said.all_figures)}</summary>'
        f"{_table(run, rest, strings)}</details>"
        if rest
        else ""
    )
    return _table(run, [name for name in KEY if name in run.figures], strings) + more


def _table(run: Run, names: Sequence[str], strings: Strings) -> str:
    said = eval_words(strings)
    rows = "".join(
        f'<tr><th scope="row">{esc(said.figure(name))}{_better(name, said)}</th>'
        f'<td class="att-value-cell">{_bar(name, run.figures[name])}'
        f"<span>{esc(_value(name, run.figures[name], strings))}</span></td>"
        f'<td class="att-figure" data-name="{esc(said.column_n)}">{run.figures[name].n}</td></tr>'
        for name in names
    )
    heads = "".join(
        f'<th scope="col">{esc(head)}</th>'
        for head in (said.column_figure, said.column_value, said.column_n)
    )
    return (
        f'<table class="att-table att-figures"><caption class="att-sr">{esc(said.key)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _better(name: str, said: EvalStrings) -> str:
    return f" <small>{esc(said.lower_is_better)}</small>" if name in LOWER_IS_BETTER else ""


def _axis(name: str) -> Axis:
    return (-1.0, 1.0) if name == "crag" else (0.0, 1.0)


def _bar(name: str, figure: Figured) -> str:
    return "" if name in _NO_SHARE else interval_bar(figure, _axis(name))


def _value(name: str, figure: Figured, strings: Strings) -> str:
    value, low, high = (
        _number(name, value, strings) for value in (figure.value, figure.low, figure.high)
    )
    return eval_words(strings).interval.format(value=value, low=low, high=high)


def _number(name: str, value: float, strings: Strings) -> str:
    """A share in per cent; a score and characters as they are."""
    if name in _NO_SHARE:
        return f"{value:.0f}"
    if name == "crag":
        return f"{value:.2f}".replace("-", "−").replace(".", strings.decimal)
    return f"{100 * value:.0f}{NBSP if strings.code == 'fr' else ''}%"


def _plots(runs: Sequence[Run], strings: Strings) -> str:
    """Small multiples over the runs that compare."""
    said = eval_words(strings)
    head = f'<h3 class="att-part">{esc(said.over_runs)}</h3>'
    shown = runs[-MOST_PLOTTED:]
    if len(shown) < 2:
        return f'{head}<p class="att-note">{esc(said.one_run)}</p>'
    plots = []
    for name in PLOTTED:
        found = [run.figures.get(name) for run in shown]
        known = [figure for figure in found if figure is not None]
        if not known:
            continue
        points = [
            (
                f"{_moment(run.date, strings)}: {_value(name, figure, strings)}" if figure else "",
                figure,
            )
            for run, figure in zip(shown, found, strict=True)
        ]
        label = said.runs_aria.format(
            figure=said.figure(name), n=len(known), value=_value(name, known[-1], strings)
        )
        plots.append(
            f"<li><p>{esc(said.figure(name))}{_better(name, said)}</p>"
            f"{over_runs(points, _axis(name), label)}</li>"
        )
    return f'{head}<ul class="att-plots">{"".join(plots)}</ul>'


def _worst(run: Run, here: Path | None, strings: Strings) -> str:
    said = eval_words(strings)
    head = f'<h3 class="att-part">{esc(said.worst)}</h3>'
    if not run.worst:
        return f'{head}<p class="att-note">{esc(said.worst_none)}</p>'
    other = (
        f'<p class="att-note">{esc(said.other_folder.format(docs=run.docs))}</p>'
        if here is not None and str(here) != run.docs
        else ""
    )
    rows = "".join(_question(item, said) for item in run.worst)
    return f'{head}<p class="att-hint">{esc(said.worst_hint)}</p>{other}<ul class="att-worst">{rows}</ul>'


def _question(item: Worst, said: EvalStrings) -> str:
    questions = [*item.history, item.question]
    before = "".join(f'<span class="att-before">{esc(text[:300])}</span>' for text in item.history)
    return (
        f'<li class="att-card"><div><p class="att-title" lang="{esc(item.language)}">{before}'
        f"{esc(item.question[:600])}</p>"
        f'<p class="att-facts"><span>{esc(said.reason(item.why))}</span></p></div>'
        f'<button type="button" class="att-quiet" '
        f'data-again="{esc(json.dumps(questions, ensure_ascii=False))}" '
        f'aria-label="{esc(said.again_long.format(question=item.question[:80]))}">'
        f"{esc(said.again)}</button></li>"
    )


def _runs(runs: Sequence[Run], shown: Run, strings: Strings) -> str:
    said = eval_words(strings)
    rows = []
    for run in reversed(runs):
        date = _moment(run.date, strings)
        cell = (
            f'<b aria-current="true">{esc(date)}</b> <small>{esc(said.shown)}</small>'
            if run is shown
            else f'<button type="button" class="att-open" data-event="select" '
            f'data-run="{esc(run.date)}" aria-label="{esc(said.show.format(date=date))}">'
            f"{esc(date)}</button>"
        )
        correct = run.figures.get("correct")
        result = _value("correct", correct, strings) if correct else "–"
        rows.append(
            f"<tr><td>{cell}</td>"
            f'<td data-name="{esc(said.column_set)}">{esc(_name(run, said))}</td>'
            f'<td data-name="{esc(said.column_correct)}">{esc(result)}</td>'
            f'<td class="att-figure" data-name="{esc(said.column_questions)}">{run.questions}</td></tr>'
        )
    heads = "".join(
        f'<th scope="col">{esc(head)}</th>'
        for head in (
            said.column_date,
            said.column_set,
            said.column_correct,
            said.column_questions,
        )
    )
    return (
        f'<table class="att-table att-past-runs"><caption>{esc(strings.count(said.runs, len(runs)))}'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _moment(date: str, strings: Strings) -> str:
    """`2026-11-22T02:13:00Z` as a person writes it, in this machine's time."""
    try:
        here = datetime.fromisoformat(date).astimezone()
    except ValueError:
        return date
    return f"{strings.date(f'{here:%Y-%m-%d}')}, {here:%H:%M}"
