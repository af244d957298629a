"""What a sentence asserts beyond its words, French and English."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.facts import (
    attributions,
    facts,
    hedges,
    mentions,
    names,
    negations,
    numbers,
    tokens,
    weekdays,
)


def said(text: str, language: str) -> list[tuple[str, str | None, str | None]]:
    return [(str(n.value), n.unit, n.bound) for n in numbers(text, language)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("14,2 % des cas", "fr", [("14.2", "%", None)]),
        ("14.2% of cases", "en", [("14.2", "%", None)]),
        ("14,2 pour cent", "fr", [("14.2", "%", None)]),
        ("fourteen per cent", "en", [("14", "%", None)]),
        ("1 234,5 euros", "fr", [("1234.5", "EUR", None)]),
        ("1\u202f234\u202f567 habitants", "fr", [("1234567", None, None)]),
        ("1,234.5 dollars", "en", [("1234.5", "USD", None)]),
        ("1.234,5 €", "fr", [("1234.5", "EUR", None)]),
        ("12.000 visiteurs", "fr", [("12000", None, None)]),
        ("12,000 visitors", "en", [("12000", None, None)]),
        ("1,234 litre", "fr", [("1.234", None, None)]),
        ("0.125 litre", "en", [("0.125", None, None)]),
        ("$5 billion", "en", [("5000000000", "USD", None)]),
        ("£1.5m is not read, £2 million is", "en", [("2000000", "GBP", None)]),
        ("65 langues sur 175 marchés", "fr", [("65", None, None), ("175", None, None)]),
        ("un milliard de personnes", "fr", [("1000000000", None, None)]),
        ("près d’un milliard de personnes", "fr", [("1000000000", None, "about")]),
        ("plus de 3 millions d'euros", "fr", [("3000000", "EUR", "over")]),
        ("less than 40 people", "en", [("40", None, "under")]),
        ("au moins deux morts", "fr", [("2", None, "over")]),
        ("vingt et un ans", "fr", [("21", None, None)]),
        ("quatre-vingt-dix jours", "fr", [("90", None, None)]),
        ("soixante-quinze jours", "fr", [("75", None, None)]),
        ("deux cent mille", "fr", [("200000", None, None)]),
        ("mille", "fr", [("1000", None, None)]),
        ("cent", "fr", [("100", None, None)]),
        ("twenty-five", "en", [("25", None, None)]),
        ("three hundred and fifty", "en", [("350", None, None)]),
        ("a million", "en", [("1000000", None, None)]),
        ("two thousand and three", "en", [("2003", None, None)]),
        ("une plateforme et un accord", "fr", []),
        ("a platform", "en", []),
        ("one of two", "en", [("1", None, None), ("2", None, None)]),
        ("la troisième fois", "fr", [("3", "ordinal", None)]),
        ("the 3rd time", "en", [("3", "ordinal", None)]),
        ("le 1er janvier 2020", "fr", []),
        ("le 14 septembre 2020, 3 fois", "fr", [("3", None, None)]),
        ("B2B, GPT4 et la version 3.11.7", "fr", []),
        ("un froid de -14 degrés", "fr", [("-14", None, None)]),
        ("de 10-20 jours", "fr", [("10", None, None), ("20", None, None)]),
        ("14h30 et 14:30", "fr", [("14", None, None), ("30", None, None)]),
    ],
)
def test_numbers(
    text: str, language: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert said(text, language) == expected


@given(st.integers(0, 10**12))
def test_a_whole_number_reads_back_in_both_languages(value: int) -> None:
    english = f"they paid {value:,} coins"
    french = f"ils ont payé {value:,} pièces".replace(",", " ")
    for text, language in ((english, "en"), (french, "fr")):
        assert [n.value for n in numbers(text, language)] == [value]


def keys(text: str, language: str) -> list[str]:
    return [name.key for name in names(text, language)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("le PDG de ByteDance, Zhang Yiming, a dit", "fr", ["bytedance", "zhang yiming"]),
        ("Un rapport du Daily Mail", "fr", ["daily mail"]),
        ("note le New York Times", "fr", ["@new-york times"]),
        ("Tiktok et TikTok", "fr", ["tiktok", "tiktok"]),
        ("aux Etats-Unis et aux États-Unis", "fr", ["@us", "@us"]),
        ("in the United States and the U.S.", "en", ["@us", "@us"]),
        ("les activités US", "fr", ["@us"]),
        ("they told us", "en", []),
        ("la Maison Blanche", "fr", ["@white-house"]),
        ("the White House", "en", ["@white-house"]),
        ("le président Donald Trump", "fr", ["donald trump"]),
        ("President Trump spoke", "en", ["trump"]),
        ("Dimanche soir, le ministre", "fr", []),
        ("Selon Reuters, rien", "fr", ["reuters"]),
        ("L'offre a été rejetée", "fr", []),
        ("Pompeo a parlé", "fr", ["pompeo"]),
        ("Google rejected it", "en", ["google"]),
        ("Users can download clips", "en", []),
        ("However, I left", "en", []),
        ("Negotiations failed", "en", []),
        ("the Chinese owner", "en", ["@china"]),
        ("Bank of America fell", "en", ["bank @us"]),
        ("In September the OTAN", "en", ["@nato"]),
        ("Il a parlé. Il est parti.", "fr", []),
        ("la Nouvelle-Zélande", "fr", ["@new-zealand"]),
        ("Pékin et Beijing", "fr", ["@beijing", "@beijing"]),
        ("Microsoft's offer", "en", ["microsoft"]),
        ("le 14 Juillet 2020", "fr", []),
    ],
)
def test_names(text: str, language: str, expected: list[str]) -> None:
    assert keys(text, language) == expected


def test_names_stand_where_they_say() -> None:
    text = "« TikTok », dit M. Larry Ellison, à New York."
    assert [(n.text, text[n.start : n.end]) for n in names(text, "fr")] == [
        ("TikTok", "TikTok"),
        ("Larry Ellison", "Larry Ellison"),
        ("New York", "New York"),
    ]


def test_mentions_meet_across_languages() -> None:
    assert "@china" in mentions("le propriétaire chinois") & mentions("the Chinese owner")
    assert "@us" in mentions("le gouvernement américain")
    assert "@us" not in mentions("they told us")


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Il ne vend pas.", "fr", 1),
        ("Il n’a jamais vendu.", "fr", 1),
        ("Rien ne s’est passé.", "fr", 1),
        ("Il n’a rien dit ni rien fait.", "fr", 1),
        ("Personne n'est venu sans raison.", "fr", 2),
        ("Il accuse sans preuve.", "fr", 1),
        ("Aucun accord.", "fr", 1),
        ("Il refuse de vendre et rejette l'offre.", "fr", 0),
        ("non seulement les activités, mais aussi le reste", "fr", 0),
        ("on ne savait pas non plus", "fr", 1),
        ("Ils craignent qu’elle ne transmette les données.", "fr", 0),
        ("avant qu'il ne parte", "fr", 0),
        ("plus grand qu'il ne le dit", "fr", 0),
        ("Il n’y a que la version censurée.", "fr", 0),
        ("On ne peut en dire autant.", "fr", 1),
        ("Il a échoué à vendre.", "fr", 1),
        ("Il n'a pas réussi à vendre.", "fr", 1),
        ("L'année, la Chine, Anne.", "fr", 0),
        ("It did not sell.", "en", 1),
        ("It won't sell, and never has.", "en", 2),
        ("no later than Monday", "en", 0),
        ("not only the sale", "en", 0),
        ("without proof", "en", 1),
        ("It failed to sell.", "en", 1),
        ("It refused the offer and rejected it.", "en", 0),
        ("nobody cannot", "en", 2),
    ],
)
def test_negations(text: str, language: str, count: int) -> None:
    assert len(negations(text, language)) == count


@pytest.mark.parametrize(
    ("text", "language", "kinds"),
    [
        ("Oracle aurait été choisi.", "fr", {"conditional"}),
        ("Les discussions seraient en cours.", "fr", {"conditional", "early"}),
        ("Il était là, un trait, un extrait, il paraît.", "fr", {"possible"}),
        ("Il entrait, montrait et déclarait.", "fr", set()),
        ("Selon Reuters, c'est fini.", "fr", {"reported"}),
        ("D'après lui, c'est fini.", "fr", {"reported"}),
        ("C'est peut-être fini.", "fr", {"possible"}),
        ("La plateforme devra fermer.", "fr", {"future"}),
        ("La plateforme doit fermer.", "fr", {"obligation"}),
        ("S'il part, elle ferme.", "fr", {"condition"}),
        ("Elle ferme, sauf accord.", "fr", {"condition"}),
        ("Même si elle ferme.", "fr", set()),
        ("en tant que propriétaire", "fr", set()),
        ("Il menace de partir.", "fr", {"intention"}),
        ("Microsoft souhaite conclure.", "fr", {"intention"}),
        ("Microsoft vise à reprendre Tiktok.", "fr", {"intention"}),
        ("Microsoft prévoit de reprendre.", "fr", {"intention"}),
        ("Le président accuse l'app d'espionnage.", "fr", {"belief"}),
        ("Il n'est pas certain que Pékin laisse faire.", "fr", {"uncertain"}),
        ("Il n'y a que Douyin.", "fr", {"only"}),
        ("Nous apporterons des changements.", "fr", {"future"}),
        ("L'opéra d'Ankara et sa caméra.", "fr", set()),
        ("Il a vendu la société hier.", "fr", set()),
        ("It would sell.", "en", {"conditional"}),
        ("It may, might or could sell.", "en", {"possible"}),
        ("It was reportedly sold.", "en", {"possible"}),
        ("It was sold in May.", "en", set()),
        ("According to Reuters it was sold.", "en", {"reported"}),
        ("If it sells, it closes.", "en", {"condition"}),
        ("It plans and wants it.", "en", {"intention"}),
        ("It must close.", "en", {"obligation"}),
        ("It will close.", "en", {"future"}),
        ("It was sold yesterday.", "en", set()),
    ],
)
def test_hedges(text: str, language: str, kinds: set[str]) -> None:
    assert hedges(text, language) == kinds


@pytest.mark.parametrize(
    ("text", "language", "spans"),
    [
        ("Il pleut, a déclaré Paul.", "fr", [", a déclaré Paul"]),
        ("« Il pleut », a fait savoir hier Paul.", "fr", [", a fait savoir hier Paul"]),
        ("«Il pleut», communique Microsoft.", "fr", [", communique Microsoft"]),
        ("X a indiqué que tout va.", "fr", ["X a indiqué que"]),
        ("Un rapport du Daily Mail révèle que Zhang dort.", "fr", ["Un rapport du Daily Mail révèle que"]),
        ("Le Mail a déclaré en août qu’elle dort.", "fr", ["Le Mail a déclaré en août qu’"]),
        ("Selon X, tout va.", "fr", ["Selon X"]),
        ("Tout va, d’après le maire.", "fr", ["d’après le maire"]),
        ("Walmart avait confirmé s'être allié.", "fr", ["Walmart avait confirmé s'être"]),
        ("Microsoft a confirmé son offre.", "fr", []),
        ("Il a dit adieu.", "fr", []),
        ("X said that it rains.", "en", ["X said that"]),
        ("X said it rains.", "en", ["X said"]),
        ("It rains, said X.", "en", [", said X"]),
        ("It rains, X announced on Sunday.", "en", [", X announced on Sunday"]),
        ("According to X, it rains.", "en", ["According to X"]),
        ("X announced a deal.", "en", []),
        ("It will not close in the United States.", "en", []),
    ],
)  # fmt: skip
def test_attributions(text: str, language: str, spans: list[str]) -> None:
    assert [text[s.start : s.end] for s in attributions(text, language)] == spans


def test_weekdays_meet_across_languages() -> None:
    assert weekdays("dimanche et lundi") == weekdays("Monday, Sunday") == {0, 6}


def test_tokens() -> None:
    assert [t.folded for t in tokens("L’été : 14,2 % de la plate-forme (U.S.), 5€, GPT4.")] == [
        "l", "ete", "14,2", "%", "de", "la", "plate", "forme", "us", "5", "€", "gpt4",
    ]  # fmt: skip


@given(st.text(max_size=300), st.sampled_from(["fr", "en", "und"]))
@settings(max_examples=200, deadline=None)
def test_every_span_lies_in_the_text(text: str, language: str) -> None:
    found = facts(text, language)
    groups = (found.numbers, found.dates, found.names, found.negations, found.hedges,
              found.attributions, tokens(text))  # fmt: skip
    spans = [(item.start, item.end) for items in groups for item in items]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(text[n.start : n.end] == n.text for n in found.names)


@pytest.mark.parametrize(
    "piece", ["mot ", "a dit ", "n'est ", "Nom, ", "si ", "12 ", "« ", "cent "]
)
def test_time_is_linear_in_length(piece: str) -> None:
    text = piece * (40_000 // len(piece))
    started = time.process_time()
    facts(text, "fr")
    facts(text, "en")
    assert time.process_time() - started < 5
