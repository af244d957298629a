"""Sentences that look like answers and aren't: what the first stage would put before a judge."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer
from transformers import BertModel

from rag.terms import content_words, fold, stem
from training.bilingual import encoder
from training.bilingual.passages import Article, Asked

HARD = 12
"""Kept of each kind for one question."""
MANY = 4
"""Other articles of the same language that are searched beside its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence of an article."""

    article: Article
    index: int


@dataclass(frozen=True, slots=True)
class Group:
    """A question with its answer and what to tell it from, the hardest first."""

    asked: Asked
    others: tuple[Place, ...]


def mine(model: BertModel, tokenizer: Tokenizer, asked: list[Asked]) -> list[Group]:
    """For each question, of its own article and four more: the sentences nearest by vector, and
    those that share most words with it, in turn. A sentence of its own article that holds the
    answer's words may be right and is left out."""
    articles = list({id(item.article): item.article for item in asked}.values())
    texts = sorted({sentence for article in articles for sentence in article.sentences})
    number = {text: i for i, text in enumerate(texts)}
    vectors = encoder.embed(model, tokenizer, texts, 128)
    questions = sorted({item.question for item in asked})
    asked_number = {text: i for i, text in enumerate(questions)}
    asked_vectors = encoder.embed(model, tokenizer, questions, 128)
    stems = {
        (article.language, text): _stems(text, article.language)
        for article in articles
        for text in article.sentences
    }
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for (language, _), found in stems.items():
        seen[language].update(found)
    of_language = defaultdict(list)
    for article in articles:
        of_language[article.language].append(article)
    groups = []
    for place, item in enumerate(asked):
        beside = of_language[item.article.language]
        start = (place * 7919) % len(beside)
        pool = [item.article] + [
            other for other in (beside * 2)[start : start + MANY] if other is not item.article
        ]
        places = [Place(article, i) for article in pool for i in range(len(article.sentences))]
        gold = item.article.sentences[item.index]
        answer = fold(item.answer)
        rows = [number[p.article.sentences[p.index]] for p in places]
        near = vectors[rows] @ asked_vectors[asked_number[item.question]]
        wanted = _stems(item.question, item.language)
        counts = seen[item.article.language]
        shared = np.array(
            [
                sum(
                    1 / math.log(2 + counts[word])
                    for word in wanted & stems[p.article.language, p.article.sentences[p.index]]
                )
                for p in places
            ]
        )
        chosen: list[Place] = []
        for one, other in zip(
            np.argsort(-near)[: 3 * HARD], np.argsort(-shared)[: 3 * HARD], strict=True
        ):
            for i in (int(one), int(other)):
                found = places[i]
                text = found.article.sentences[found.index]
                right = text == gold or (
                    found.article is item.article and len(answer) > 1 and answer in fold(text)
                )
                if not right and found not in chosen and len(chosen) < 2 * HARD:
                    chosen.append(found)
        groups.append(Group(item, tuple(chosen)))
    return groups


def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in content_words(text, language))
