from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text import MAX_SENTENCE, estimate_tokens, split_chunks, split_sentences
from rag.types import SentenceSpan

SEEDS = Path(__file__).parent.parent / "seeds"


def seed(number: str) -> tuple[str, list[SentenceSpan]]:
    path = next(SEEDS.glob(f"{number}_*.txt"))
    text = path.read_bytes().decode("utf-8")
    return text, split_sentences(text, "fr")


def parts(text: str, language: str = "fr") -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text, language)]


def kinds(text: str, language: str = "fr") -> list[tuple[str, str]]:
    return [(s.kind, text[s.start : s.end]) for s in split_sentences(text, language)]


# --- the seeds ----------------------------------------------------------------------------

KINDS = {
    "000": ["meta"] + ["prose"] * 12 + ["repeat"] * 11,
    "001": ["heading"] + ["prose"] * 14,
    "002": ["meta"] + ["prose"] * 10 + ["heading"] + ["prose"] * 10,
    "003": ["meta"] + ["prose"] * 8 + ["heading"] + ["prose"] * 6,
    "004": ["heading"] * 2 + ["prose"] * 2 + ["meta"] * 2 + ["prose"] * 16 + ["meta"] * 2,
}
PARAGRAPHS = {
    "000": [0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9] + [10] * 11,
    "001": [0, 1, 1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 7],
    "002": [0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8],
    "003": [0, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 8, 8, 8, 9],
    "004": [0, 1, 2, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 8, 9],
}


@pytest.mark.parametrize("number", KINDS)
def test_kinds_and_paragraphs_of_the_seeds(number: str) -> None:
    _, sentences = seed(number)
    assert [s.kind for s in sentences] == KINDS[number]
    assert [s.paragraph for s in sentences] == PARAGRAPHS[number]


@pytest.mark.parametrize("number", KINDS)
def test_the_seeds_lose_nothing(number: str) -> None:
    text, sentences = seed(number)
    assert "".join("".join(text[s.start : s.end] for s in sentences).split()) == "".join(
        text.split()
    )


def test_the_header_is_not_part_of_the_first_sentence() -> None:
    for number, header, first in (
        ("000", "date 2020-09", "L'offre de Microsoft pour racheter"),
        ("002", "date 2020-08", "La société Internet chinoise Bytedance"),
        ("003", "date 2020-09", "ByteDance ne vendra pas les activités"),
    ):
        text, sentences = seed(number)
        assert text[sentences[0].start : sentences[0].end] == header
        assert text[sentences[1].start :].startswith(first)


def test_a_sentence_ends_where_the_space_is_missing() -> None:
    text, sentences = seed("000")
    ends = [text[s.start : s.end] for s in sentences[-2:]]
    assert ends[0].endswith("des activités américaines de TikTok.")
    assert ends[1] == "Oracle et TikTok n'ont pas confirmé dans l'immédiat."


def test_every_repeat_stands_before_as_prose() -> None:
    text, sentences = seed("000")
    prose = [text[s.start : s.end] for s in sentences if s.kind == "prose"]
    assert [text[s.start : s.end] for s in sentences if s.kind == "repeat"] == prose[1:]


def test_credits_and_web_code_are_meta() -> None:
    text, sentences = seed("004")
    meta = [text[s.start : s.end] for s in sentences if s.kind == "meta"]
    assert meta == ["(Source: konkarampelas / Pixabay)"] * 2 + ["Webcode", "DPF8_190094"]


SPEECHES = {
    "000": {(2, 3): (2, 3), (13, 14): (13, 14)},
    "001": {(6, 8): (6, 8)},
    "002": {},
    "003": {(6, 7): (6, 7), (8, 8): (6, 8), (11, 14): (11, 14)},
    "004": {(10, 11): (10, 11)},
}


@pytest.mark.parametrize("number", SPEECHES)
def test_speeches_of_the_seeds(number: str) -> None:
    """Sentence numbers that carry a speech, and the sentences that it spans."""
    _, sentences = seed(number)
    expected = {
        i: (sentences[a].start, sentences[b].end)
        for (first, last), (a, b) in SPEECHES[number].items()
        for i in range(first, last + 1)
    }
    found = {i: (s.speech.start, s.speech.end) for i, s in enumerate(sentences) if s.speech}
    assert found == expected


def test_the_speech_says_who_speaks() -> None:
    text, sentences = seed("004")
    speech = sentences[10].speech
    assert speech is not None
    quote = text[speech.start : speech.end]
    assert quote.startswith("«ByteDance nous a fait savoir")
    assert quote.endswith("sécurité nationale», communique Microsoft.")


# --- sentences ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("fr", ["M. Trump a signé.", "Mme Le Pen et MM. Macron et Attal aussi."]),
        ("fr", ["La hausse est de 14,2 % en 2020.", "Le reste suit."]),
        ("fr", ["Elle vit aux U.S. depuis dix ans.", "Puis elle part."]),
        ("en", ["He moved to the U.S. in May.", "It rained."]),
        ("en", ["He lives in the U.S.", "The company does not."]),
        ("en", ["The U.S. Government and U.S. Steel agreed."]),
        ("en", ["Dr. J. R. Smith met Donald J. Trump.", "Mr. Gates left."]),
        ("en", ["Prices rose 3.5 percent, i.e. a lot, e.g. Apples.", "See fig. 3 and p. 12."]),
        ("en", ["It costs $3.5 million.", "42 people paid."]),
        ("en", ["Apple Inc. said so.", "Oracle Corp.", "The rest is silence."]),
        ("en", ["He said no.", "Oracle won."]),
        ("en", ["It is no. 5 on the list."]),
        ("en", ["It opens at 5 p.m. on Monday."]),
        ("fr", ["Il aime l'art.", "Le reste l'ennuie.", "Voir art. 5 et l'art. L121-1."]),
        ("fr", ["Des fruits, p. ex. Pommes ou poires, etc.", "Le marché ferme."]),
        ("fr", ["Il arrive le 15 sept. 2020 à Paris.", "C'est tôt."]),
        ("fr", ["Voici https://www.example.com/a.b?c=D. Suite"]),
        ("fr", ["Il hésite...", "Puis il signe.", "Il attend… encore."]),
        ("fr", ["Quoi ?!", "Rien !", "« Vraiment ? » demande-t-il."]),
        ("en", ['"Why?" Trump asked.', "Nobody knew."]),
        ("en", ['"Why?"', "Trump left the room."]),
        ("en", ['He said "yes."', "She left."]),
        ("en", ["She said “no.”", "He left."]),
        ("fr", ["Il a dit : « Oui. »", "Elle est partie."]),
        ("fr", ["La fin du texte.\0", "Oracle n'a rien dit."]),
        ("fr", ["Yahoo.com et Node.js tournent.", "U.S.A et Booking.Com aussi."]),
        ("fr", ["Nous (le groupe de Redmond.) aussi."]),
        ("fr", ["« Nous […] partons », dit-il.", "Bien."]),
        ("fr", ["C'est le plan B.", "Le plan C suit."]),
        ("fr", ["Il est né en 2020.", "3 ans plus tard, il marche."]),
        ("fr", ["Ils partent.[3]", "Nous restons."]),
        ("en", ["1. Open the box.", "Then close it."]),
        ("zh", ["微软的报价被拒绝了。\0", "甲骨文赢了！\0", "真的吗？"]),
        ("de", ["Am 15. September endet die Frist.", "Danach nicht."]),
        ("und", ["Mixed. case stays."]),
        ("en", ["all is lower case.", "nothing has a capital.", "and so on."]),
        ("fr", ["Le PDG – un proche de J.-C. Juncker – part.", "– Oui, dit-il."]),
    ],
)
def test_sentences(language: str, sentences: list[str]) -> None:
    """`\\0` at a sentence's end: no space follows it."""
    text = " ".join(sentences).replace("\0 ", "")
    assert parts(text, language) == [sentence.rstrip("\0") for sentence in sentences]


def test_quoted_sentences_split_inside_the_quotation() -> None:
    assert parts('"A b c. D e f", a indiqué Microsoft. Fin.') == [
        '"A b c.',
        'D e f", a indiqué Microsoft.',
        "Fin.",
    ]


def test_text_without_end_mark_keeps_its_end() -> None:
    assert parts("Une phrase. Une autre sans point") == ["Une phrase.", "Une autre sans point"]


# --- lines and paragraphs -----------------------------------------------------------------


def test_wrapped_text_is_one_paragraph() -> None:
    lines = [
        "Microsoft n'a pas réussi à acquérir les activités de TikTok aux",
        "États-Unis, et l'expert indépendant de la société, le Dr.",
        "Smith, le regrette. La société l'a dit dans un communiqué.",
    ]
    text = "\n".join(lines) + "\n\nUne autre phrase."
    assert parts(text) == [
        f"{lines[0]}\n{lines[1]}\nSmith, le regrette.",
        "La société l'a dit dans un communiqué.",
        "Une autre phrase.",
    ]
    assert [s.paragraph for s in split_sentences(text, "fr")] == [0, 0, 1]


def test_lines_that_fill_the_width_go_on() -> None:
    lines = [
        "The board of the company met on Monday in order to discuss what",
        "Microsoft had proposed. It rejected the offer, and named Oracle",
        "Corporation as its trusted partner instead.",
    ]
    assert parts("\n".join(lines), "en") == [
        f"{lines[0]}\nMicrosoft had proposed.",
        f"It rejected the offer, and named Oracle\n{lines[2]}",
    ]
    windows = "\r\n".join(lines)
    assert len(parts(windows, "en")) == 2


def test_a_paragraph_a_line() -> None:
    first = "Une phrase qui est assez longue pour tenir un paragraphe. " * 4
    text = f"Un titre seul\n{first.strip()}\nUne autre ligne.\n"
    found = split_sentences(text, "fr")
    assert found[0].kind == "heading"
    assert text[found[0].start : found[0].end] == "Un titre seul"
    assert [s.paragraph for s in found] == [0, 1, 1, 1, 1, 2]


def test_markdown() -> None:
    text = (
        "---\ntitle: x\ndate: 2020-09-14\n---\n\n# Le titre.\n\nUn paragraphe.\n\n"
        "- premier point\n- deuxième point. Avec suite.\n* troisième\n\n![image](a.png)\n\n"
        "https://example.com/x\n\n***\n\nSous-titre\n==========\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert kinds(text) == [
        ("meta", "---\ntitle: x\ndate: 2020-09-14\n---"),
        ("heading", "Le titre."),
        ("prose", "Un paragraphe."),
        ("prose", "premier point"),
        ("prose", "deuxième point."),
        ("prose", "Avec suite."),
        ("prose", "troisième"),
        ("meta", "![image](a.png)"),
        ("meta", "https://example.com/x"),
        ("meta", "***"),
        ("heading", "Sous-titre"),
        ("meta", "=========="),
        ("prose", "| a | b |"),
        ("meta", "|---|---|"),
        ("prose", "| 1 | 2 |"),
    ]
    numbers = [s.paragraph for s in split_sentences(text, "fr")]
    assert numbers[3:7] == [3, 3, 3, 3]  # one list, one paragraph


@pytest.mark.parametrize(
    "line",
    [
        "(Source: konkarampelas / Pixabay)",
        "Crédit photo : AFP",
        "Crédits : Getty Images",
        "Photo: Jean Dupont",
        "Photo credit: Reuters",
        "© 2020 Le Monde",
        "Webcode: DPF8_190094",
        "Publié le 3 mars 2021 à 10h30",
        "www.example.com",
        "redaction@example.com",
        "* * *",
    ],
)
def test_meta_lines(line: str) -> None:
    assert kinds(f"Une phrase.\n\n{line}\n\nUne autre.") == [
        ("prose", "Une phrase."),
        ("meta", line),
        ("prose", "Une autre."),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "La source a parlé à Reuters.",
        "Photographie et image sont ses métiers.",
        "Webcodes et autres outils sont gratuits.",
        "Date limite : le 15 septembre 2020.",
        "Source de tensions, le rachat échoue.",
        "Images of the sale appeared.",
    ],
)
def test_prose_that_looks_like_meta(line: str) -> None:
    assert kinds(line) == [("prose", line)]


def test_headings() -> None:
    assert kinds("Un titre court\n\nUne phrase.")[0] == ("heading", "Un titre court")
    assert kinds("Une question ?\n\nUne phrase.")[0][0] == "prose"
    assert kinds("minuscule seule\n\nUne phrase.")[0][0] == "prose"
    assert kinds("Une phrase. Une suite sans point\n\nFin.")[0][0] == "prose"
    assert kinds("T" + "itre " * 40 + "\n\nFin.")[0][0] == "prose"


# --- repeats ------------------------------------------------------------------------------


def test_repeats_need_length_or_company() -> None:
    long = "Cette phrase est assez longue pour être reconnue quand elle revient."
    assert [k for k, _ in kinds(f"{long} Non. Oui.\n\n{long}\n\nOui.")] == [
        "prose", "prose", "prose", "repeat", "prose",
    ]  # fmt: skip
    assert [k for k, _ in kinds("Oui. Non. Si.\n\nAutre. Oui. Non.")] == [
        "prose", "prose", "prose", "prose", "repeat", "repeat",
    ]  # fmt: skip
    spaced = long.replace(" ", "  ").upper()
    assert [k for k, _ in kinds(f"{long}\n\n{spaced}")] == ["prose", "repeat"]


def test_a_changed_number_is_no_repeat() -> None:
    sentence = "La plateforme devra fermer aux Etats-Unis avant le {} septembre prochain."
    text = sentence.format(15) + "\n\n" + sentence.format(20)
    assert [k for k, _ in kinds(text)] == ["prose", "prose"]


# --- speech -------------------------------------------------------------------------------


def speeches(text: str) -> list[str | None]:
    return [
        text[s.speech.start : s.speech.end] if s.speech else None
        for s in split_sentences(text, "fr")
    ]


@pytest.mark.parametrize(
    "quotation",
    [
        "« A b. C d », a déclaré Microsoft dans un communiqué.",
        '"A b. C d", a indiqué X.',
        '"A b. C d," said X on Monday.',
        "“A b. C d,” said X.",
        "„A b. C d“, sagte X.",
        "Microsoft a déclaré : « A b. C d. »",
        "« A b. C “e f” g. », a dit X.",
        "« A b. C d. »",
        "« A b. C d",
    ],
)
def test_every_sentence_of_a_quotation_carries_its_speech(quotation: str) -> None:
    text = f"Avant cela. {quotation}"
    found = speeches(text)
    assert found == [None, quotation, quotation]


def test_a_quotation_in_one_sentence_needs_none() -> None:
    assert speeches("« A b », a dit X. Le « c d » est e. Il a dit : « F g. » Fin.") == [None] * 4


def test_an_attribution_in_the_middle_serves_what_follows() -> None:
    text = "« A b. C d », a déclaré la société. « E f ». Fin de là."
    assert speeches(text) == [
        "« A b. C d », a déclaré la société.",
        "« A b. C d », a déclaré la société.",
        "« A b. C d », a déclaré la société. « E f ».",
        None,
    ]


def test_a_line_that_announces_a_quotation_belongs_to_it() -> None:
    text = "Microsoft a déclaré :\n\n« A b c. »\n\nFin de là."
    assert speeches(text) == [None, "Microsoft a déclaré :\n\n« A b c. »", None]


def test_a_quotation_never_closed_ends_with_its_paragraph() -> None:
    text = "« A b. C d.\n\nE f. G h."
    assert speeches(text) == ["« A b. C d."] * 2 + [None] * 2
    assert speeches('Un écran de 5" est petit. Oui. Non.') == [None] * 3


def test_apostrophes_are_no_quotations() -> None:
    assert speeches("L'offre n'a pas plu. C'est l'été. D’accord.") == [None] * 3


# --- chunks -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", KINDS)
def test_chunks_of_the_seeds(number: str) -> None:
    text, sentences = seed(number)
    chunks = split_chunks(text, sentences)
    covered = [i for c in chunks for i in range(c.first, c.last + 1)]
    assert covered == [i for i, s in enumerate(sentences) if s.kind in ("prose", "heading")]
    for chunk in chunks:
        assert chunk.start == sentences[chunk.first].start
        assert chunk.end == sentences[chunk.last].end
        assert estimate_tokens(text[chunk.start : chunk.end]) <= 120
        numbers = {
            s.paragraph for s in sentences[chunk.first : chunk.last + 1] if s.kind == "prose"
        }
        assert len(numbers) == 1


def test_a_heading_goes_with_its_paragraph() -> None:
    text = "Un titre\n\nUne phrase. Une autre.\n\nUne troisième."
    chunks = split_chunks(text, split_sentences(text, "fr"))
    assert [(c.first, c.last) for c in chunks] == [(0, 2), (3, 3)]


def test_a_heading_that_does_not_fit_stands_alone() -> None:
    text = "Un titre\n\n" + "mot " * 60 + "fin."
    chunks = split_chunks(text, split_sentences(text, "fr"), max_tokens=50)
    assert [(c.first, c.last) for c in chunks] == [(0, 0), (1, 1)]


def test_chunks_are_about_equal() -> None:
    text = " ".join(f"Cette phrase porte le numéro {i}." for i in range(14))
    sizes = [
        estimate_tokens(text[c.start : c.end])
        for c in split_chunks(text, split_sentences(text, "fr"))
    ]
    assert max(sizes) <= 120
    assert min(sizes) >= 0.6 * max(sizes)


def test_meta_and_repeats_are_in_no_chunk() -> None:
    long = "Cette phrase est assez longue pour être reconnue quand elle revient."
    text = f"{long} Milieu ici. {long} Fin ici."
    sentences = split_sentences(text, "fr")
    assert [s.kind for s in sentences] == ["prose", "prose", "repeat", "prose"]
    assert [(c.first, c.last) for c in split_chunks(text, sentences)] == [(0, 1), (3, 3)]


# --- bounds and properties ----------------------------------------------------------------


def test_what_runs_on_is_cut_at_white_space() -> None:
    text = "mot " * 1500 + "fin."
    found = split_sentences(text, "fr")
    assert all(600 <= s.end - s.start <= MAX_SENTENCE for s in found)
    assert " ".join(text[s.start : s.end] for s in found) == text
    assert len(parts("a" * 5000)) == 4
    clause = "une proposition assez courte, " * 100
    assert all(part.endswith(",") for part in parts(clause))


N = 400_000


@pytest.mark.parametrize(
    "text",
    ['"' * N, '" ' * (N // 2), "« " * (N // 2), "." * N, ". " * (N // 2), "\n" * N, "a" * N,
     "A." * (N // 2), ". «" * (N // 3), "# " * (N // 2), " " * N, "x." + " " * N + "Y", "M. " * (N // 3),
     "![" * (N // 2), "|" * N, "-" * N, "1" * N, "www." * (N // 4), "date 2020-09 " * (N // 13)],
    ids=lambda text: repr(text[:4]),
)  # fmt: skip
def test_pathological_texts_are_quick(text: str) -> None:
    start = time.perf_counter()
    sentences = split_sentences(text, "fr")
    split_chunks(text, sentences)
    assert time.perf_counter() - start < 8  # about one; quadratic would be minutes


_TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["Abc", "def", "M.", "U.S.", " ", "\n", "\n\n", "\r\n", ".", "?", "!", "…", '"', "« ", " »", "“", "”",
         "(", ")", "- ", "# ", "---", "date 2020-09 ", "Source: x", "http://a.b", "12", "a dit", ":", ",",
         "\u00a0", "。", "文", "\u2028", "Webcode"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(_TEXTS, st.sampled_from(["fr", "en", "de", "und"]))
def test_any_text_gives_ordered_trimmed_spans(text: str, language: str) -> None:
    end = 0
    paragraph = 0
    sentences = split_sentences(text, language)
    for sentence in sentences:
        quote = text[sentence.start : sentence.end]
        assert end <= sentence.start < sentence.end <= len(text)
        assert quote and quote == quote.strip()
        assert sentence.paragraph >= paragraph
        end, paragraph = sentence.end, sentence.paragraph
        if sentence.speech is not None:
            assert sentence.speech.start <= sentence.start < sentence.end <= sentence.speech.end
    chunks = split_chunks(text, sentences)
    covered = [i for c in chunks for i in range(c.first, c.last + 1)]
    assert covered == [i for i, s in enumerate(sentences) if s.kind in ("prose", "heading")]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["Le", "mot", "M.", "fin.", "oui !", "« a", "b »", '"', "2020.", "U.S.", "(x)"]),
                min_size=1, max_size=40))  # fmt: skip
def test_a_paragraph_loses_no_character(words: list[str]) -> None:
    text = "Début " + " ".join(words)
    covered = "".join(text[s.start : s.end] for s in split_sentences(text, "fr"))
    assert "".join(covered.split()) == "".join(text.split())
