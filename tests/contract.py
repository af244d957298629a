"""The JSON contract of an answer (docs/cli.md), as a list of breaches."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

CITED = {"source": str, "title": (str, type(None)), "date": (str, type(None)), "language": str,
         "quote": str, "start": int, "end": int, "score": (int, float)}  # fmt: skip
FIELDS: dict[str, dict[str, Any]] = {
    "answer": {"question": str, "language": str, "answer": str, "abstained": bool, "sentences": list,
               "citations": list, "consulted": list, "disagreements": list,
               "standalone_question": str, "models": dict, "seconds": (int, float), "timings": dict},
    "citation": CITED | {"n": int, "also_in": list},
    "consulted": CITED,
    "selection": {"sources": (list, type(None)), "since": (str, type(None)),
                  "until": (str, type(None)), "searched": int, "of": int, "undated": int},
    "also": {"source": str, "start": int, "end": int, "quote": str, "date": (str, type(None))},
}  # fmt: skip
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def breaches(answer: dict[str, Any], text: Callable[[str], str]) -> list[str]:
    """What an answer breaks; `text(source)` gives a document's text."""
    found: list[str] = []
    answer = json.loads(json.dumps(answer, ensure_ascii=False))

    def shape(name: str, value: dict[str, Any]) -> None:
        fields = FIELDS[name]
        if set(value) != set(fields):
            found.append(f"{name}: fields {sorted(set(value) ^ set(fields))}")
        found.extend(
            f"{name}.{key} is {value[key]!r}"
            for key, kind in fields.items()
            if key in value and not isinstance(value[key], kind)
        )

    # There only when the question was asked of some documents.
    selection = answer.pop("selection", None)
    shape("answer", answer)
    spans: list[dict[str, Any]] = []
    for citation in answer["citations"]:
        shape("citation", citation)
        spans += [citation, *citation["also_in"]]
        for also in citation["also_in"]:
            shape("also", also)
        others = [also["source"] for also in citation["also_in"]]
        if len({*others, citation["source"]}) != len(others) + 1:
            found.append("also_in names a file twice")
    for consulted in answer["consulted"]:
        shape("consulted", consulted)
        spans.append(consulted)
    for span in spans:
        if text(span["source"])[span["start"] : span["end"]] != span["quote"] or not span["quote"]:
            found.append(f"not the quote: {span}")
        if span["date"] is not None and not DATE.fullmatch(span["date"]):
            found.append(f"date {span['date']}")
        if not 0 <= span.get("score", 0) <= 1 or span.get("score", 0) != round(
            span.get("score", 0), 4
        ):
            found.append(f"score {span['score']}")
    if selection is not None:
        shape("selection", selection)
        chosen = selection["sources"]
        if chosen is not None and not {span["source"] for span in spans} <= set(chosen):
            found.append("a place outside the selection")
        if not selection["searched"] + selection["undated"] <= selection["of"]:
            found.append(f"selection: {selection}")
    numbers = [citation["n"] for citation in answer["citations"]]
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"numbers {numbers}")
    used = [n for sentence in answer["sentences"] for n in sentence["citations"]]
    compared = {n for d in answer["disagreements"] for v in d["values"] for n in v["citations"]}
    if {*used, *compared} != set(numbers):
        found.append("a citation that nothing uses, or a number without a citation")
    if list(dict.fromkeys(used)) != sorted(set(used)):
        found.append("numbers are not in order of appearance")
    if len(numbers) > 3 and not answer["disagreements"]:
        found.append(f"{len(numbers)} quotes")
    for sentence in answer["sentences"]:
        if not sentence["citations"]:
            found.append("a sentence without a citation")
        if sentence["support"] == "quoted":
            quote = " ".join(answer["citations"][sentence["citations"][0] - 1]["quote"].split())
            if sentence["text"][sentence["lead_end"] :] != f" « {quote} »":
                found.append(f"not its quote: {sentence['text']}")
        elif sentence["support"] != "supported" or "lead_end" in sentence:
            found.append(f"support {sentence['support']}")
    if answer["abstained"] != (not answer["sentences"]):
        found.append("abstained with sentences, or answered without")
    if answer["abstained"] and (answer["citations"] or answer["disagreements"]):
        found.append("abstained with citations")
    if not answer["abstained"]:
        joined = " ".join(
            s["text"] + "".join(f" [{n}]" for n in s["citations"]) for s in answer["sentences"]
        )
        if answer["answer"] != joined:
            found.append("the answer is not its sentences joined")
    if set(answer["timings"]) != {"retrieve", "first_token", "generate", "verify"}:
        found.append("timings")
    if set(answer["models"]) != {"embedder", "judge", "generator"}:
        found.append("models")
    return found
