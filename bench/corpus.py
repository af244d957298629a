"""Made-up files to index: short reports in French and English, the same bytes on every machine.

Half the files are French. Every sentence names a person, a place, a date or a number of its own, so
that nearly all are different: what is said twice would be embedded once.
"""

from __future__ import annotations

import random
from pathlib import Path

SENTENCES = 5
WARM_UP = 90_000
"""Files and questions from this number on only warm up."""
_FIRST = "Anna Bruno Clara David Elena Farid Greta Hugo Irene Jonas Karim Lucie Marta Nadia Oscar Paula".split()
_LAST = (
    "Aubert Bergmann Castelli Delorme Eriksen Fontaine Garnier Hartley Iversen Jourdan Keller "
    "Lindqvist Moreau Novak Okafor Prescott Quillan Roussel Sandoval Thibault Underhill Vasseur"
).split()
_TOWNS = (
    "Arbois Brest Cardiff Dieppe Exeter Figeac Galway Honfleur Ipswich Jarnac Kendal Laval Morlaix "
    "Norwich Oxford Perth Quimper Rouen Stirling Truro Uzès Vannes Whitby York"
).split()
_WORDS = {
    "en": {
        "month": "January February March April May June July August September October November December".split(),
        "thing": ["a library", "a small museum", "a tram line", "a repair workshop", "a public garden",
                  "a concert hall", "a footbridge", "a weather station", "a printing house", "a school"],
        "group": ["the town council", "a group of neighbours", "the regional museum", "the port authority",
                  "a farmers' cooperative", "the university", "the railway company", "a local newspaper"],
        "reason": ["the old building had become too small", "the river had flooded it twice",
                   "the lease had come to an end", "visitors had asked for it for years",
                   "the roof was no longer safe", "the funds had at last been found"],
        "ware": ["tonnes of apples", "metres of cable", "handwritten letters", "bicycles", "oak planks",
                 "bottles of cider", "copper pipes", "school books"],
    },
    "fr": {
        "month": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
        "thing": ["une bibliothèque", "un petit musée", "une ligne de tramway", "un atelier de réparation",
                  "un jardin public", "une salle de concert", "une passerelle", "une station météo",
                  "une imprimerie", "une école"],
        "group": ["le conseil municipal", "un groupe de voisins", "le musée régional", "l'autorité du port",
                  "une coopérative d'agriculteurs", "l'université", "la compagnie ferroviaire",
                  "un journal local"],
        "reason": ["l'ancien bâtiment était devenu trop petit", "la rivière l'avait inondé deux fois",
                   "le bail était arrivé à son terme", "les visiteurs le demandaient depuis des années",
                   "le toit n'était plus sûr", "l'argent avait enfin été trouvé"],
        "ware": ["tonnes de pommes", "mètres de câble", "lettres manuscrites", "vélos", "planches de chêne",
                 "bouteilles de cidre", "tuyaux de cuivre", "livres scolaires"],
    },
}  # fmt: skip
_TEMPLATES = {
    "en": (
        "{person} opened {thing} in {town} in {month} {year}.",
        "According to {person}, {group} paid {number} euros for it because {reason}.",
        "In {year}, {group} of {town} counted {number} {ware} and wrote a report of {small} pages.",
        "The work began on {small} {month} {year} and was led by {person}, who came from {town}.",
        "{person} and {other} disagreed about the cost, which rose from {small} to {number} pounds.",
        "Since {month} {year} the road between {town} and {elsewhere} has been closed, since {reason}.",
        "Of the {number} {ware} that were sent to {elsewhere}, only {small} arrived before {month}.",
    ),
    "fr": (
        "{person} a ouvert {thing} à {town} en {month} {year}.",
        "Selon {person}, {group} a payé {number} euros pour cela parce que {reason}.",
        "En {year}, {group} de {town} a compté {number} {ware} et rédigé un rapport de {small} pages.",
        "Les travaux ont commencé le {small} {month} {year} sous la conduite de {person}, de {town}.",
        "{person} et {other} n'étaient pas d'accord sur le coût, passé de {small} à {number} francs.",
        "Depuis {month} {year}, la route entre {town} et {elsewhere} est fermée, car {reason}.",
        "Sur les {number} {ware} envoyés à {elsewhere}, seuls {small} sont arrivés avant {month}.",
    ),
}
_QUESTIONS = {
    "en": ("Who opened {thing} in {town}?", "What did {group} pay for because {reason}?",
           "How many {ware} arrived before {month}?", "Who led the work that began in {month} {year}?"),
    "fr": ("Qui a ouvert {thing} à {town} ?", "Qu'a payé {group} parce que {reason} ?",
           "Combien de {ware} sont arrivés avant {month} ?",
           "Qui a dirigé les travaux commencés en {month} {year} ?"),
}  # fmt: skip


def document(number: int) -> str:
    """The text of file `number`: five sentences in two paragraphs, French where it is odd."""
    language = "fr" if number % 2 else "en"
    draw = random.Random(number)
    templates = draw.sample(_TEMPLATES[language], SENTENCES)
    sentences = [_capital(template.format(**_slots(draw, language))) for template in templates]
    return f"{' '.join(sentences[:3])}\n\n{' '.join(sentences[3:])}\n"


def question(number: int) -> str:
    """A question in the corpus's own words, French where `number` is odd."""
    language = "fr" if number % 2 else "en"
    draw = random.Random(f"question {number}")
    return draw.choice(_QUESTIONS[language]).format(**_slots(draw, language))


def write_documents(folder: Path, first: int, count: int) -> None:
    """Files `first` to `first + count - 1` into `folder`, which is made if it isn't there."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        path = folder / f"report-{number:05d}.txt"
        path.write_text(document(number), encoding="utf-8", newline="\n")


def _slots(draw: random.Random, language: str) -> dict[str, str]:
    words = _WORDS[language]
    town, elsewhere = draw.sample(_TOWNS, 2)
    person, other = (f"{draw.choice(_FIRST)} {draw.choice(_LAST)}" for _ in range(2))
    return {
        "person": person,
        "other": other,
        "town": town,
        "elsewhere": elsewhere,
        "year": str(draw.randint(1901, 2024)),
        "number": str(draw.randint(100, 999)),
        "small": str(draw.randint(2, 28)),
    } | {slot: draw.choice(choices) for slot, choices in words.items()}


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
