"""An answer's sentences and disagreements, each with what proves it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.attribution import attributions
from rag.types import AnswerSentence, Disagreement, Place
from rag.ui.checking_text import words
from rag.ui.pieces import esc
from rag.ui.quote_html import Cited, marker, place_html
from rag.ui.text import NBSP, Strings


def sentences_html(
    sentences: Sequence[AnswerSentence], cited: Cited, language: str, strings: Strings
) -> str:
    """The answer; `language` is its own."""
    return "".join(_sentence(sentence, cited, language, strings) for sentence in sentences)


def _sentence(sentence: AnswerSentence, cited: Cited, language: str, strings: Strings) -> str:
    markers = "".join(marker(n, cited, strings) for n in sentence.citations)
    original = ""
    if sentence.support == "quoted":
        inner, name = _quoted(sentence, cited), strings.quoted
    else:
        inner, name = esc(sentence.text), strings.supported
        original = _originals(sentence, cited, language, strings)
    return (
        f'<p class="att-sentence att-{sentence.support}">'
        f'<span class="att-sr">{esc(name)}: </span>{inner}{markers}</p>{original}'
    )


def _quoted(sentence: AnswerSentence, cited: Cited) -> str:
    cut = sentence.lead_end or 0
    citation = cited.by_number(sentence.citations[0]) if sentence.citations else None
    lang = citation.place.language if citation else "und"
    lead, quote = sentence.text[:cut].rstrip(), sentence.text[cut:].strip()
    if quote.startswith("« ") and quote.endswith(" »"):
        quote = f"«{NBSP}{quote[2:-2]}{NBSP}»"  # the marks stay with their words
    lead_html = f'<span class="att-lead">{esc(lead)}</span> ' if lead else ""
    return f'{lead_html}<span class="att-quote" lang="{esc(lang)}">{esc(quote)}</span>'


def _originals(sentence: AnswerSentence, cited: Cited, language: str, strings: Strings) -> str:
    """Quotes in another language than the sentence that they prove, beneath it."""
    found = [cited.by_number(n) for n in sentence.citations]
    return "".join(
        f'<p class="att-original"><span class="att-original-name">'
        f"{esc(_in_language(item.place.language, strings))}</span> "
        f'<q lang="{esc(item.place.language)}">{esc(item.place.quote)}</q></p>'
        for item in found
        if item is not None and item.place.language != language
    )


def _in_language(language: str, strings: Strings) -> str:
    return words(strings).original.format(language=strings.language(language))


def legend(sentences: Sequence[AnswerSentence], strings: Strings) -> str:
    """What the looks of the answer's sentences mean."""
    kinds = {sentence.support for sentence in sentences}
    keys = "".join(
        f'<span class="att-key att-{kind}"><b>{esc(name)}</b> {esc(meaning)}</span>'
        for kind, name, meaning in (
            ("supported", strings.supported, strings.supported_means),
            ("quoted", strings.quoted, strings.quoted_means),
        )
        if kind in kinds
    )
    return f'<div class="att-legend">{keys}</div>' if keys else ""


def disagreement(item: Disagreement, cited: Cited, strings: Strings) -> str:
    """The values side by side, each with its quotes, files, dates, and who is speaking in them."""
    columns = []
    for value in item.values:
        found = [citation for n in value.citations if (citation := cited.by_number(n))]
        markers = "".join(marker(citation.n, cited, strings) for citation in found)
        sides = "".join(
            '<div class="att-side">'
            + place_html(citation.place, strings, cited, citation.n, foreign=False, named=False)
            + _whose(citation.place, strings)
            + "</div>"
            for citation in found
        )
        columns.append(f'<li><p class="att-value">{esc(value.value)}{markers}</p>{sides}</li>')
    return (
        f'<section class="att-disagree"><h3>{esc(strings.disagree)}: {esc(item.about)}</h3>'
        f'<p class="att-hint">{esc(strings.disagree_note)}</p><ul>{"".join(columns)}</ul></section>'
    )


def _whose(place: Place, strings: Strings) -> str:
    """The quote's own words that say who speaks, if it has any."""
    said = [
        place.quote[span.start : span.end].strip(" ,;:.«»“”\"'\n\r\t")
        for span in attributions(place.quote, place.language)
    ]
    quoted = "".join(f'<q lang="{esc(place.language)}">{esc(who)}</q>' for who in said if who)
    return (
        f'<p class="att-whose"><span>{esc(words(strings).whose)}</span> {quoted}</p>'
        if quoted
        else ""
    )
