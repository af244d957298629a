"""The language of a text, down to a question of one word.

Function words, elisions and letters decide between French, English and their neighbours, because
they are what a short question has besides names, and a name tells no language. Other languages are
told by their script, or by py3langid (BSD-3-Clause) within a bound.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import lru_cache

_SAMPLE = 6_000
"""Characters that are looked at; a document shows its language sooner."""

_FUNCTION_WORDS = {
    "en": """a about above across after again against all along already also although always am
        among an and another any anyone anything are aren around as at away be became because
        become been before behind being below best better between both but by came can cannot
        come could couldn did didn do does doesn doing don done down during each either else enough
        ever every everything few find first following for found from further gave get give go
        going gone got had has hasn have haven having he her here hers him himself his how however
        i if in instead into is isn it its itself just keep know last least left less let like
        likely made make many may me might mine more most much must my myself neither never next no
        nobody none nor not nothing now of off often on once one only onto or other others our out
        over own perhaps please rather really said same saw say says see seem seen several she
        should show shows since so some someone something soon still such take taken tell than that
        the their them themselves then there these they thing think this those though through
        thus to today together told too took toward towards two under until up upon us use used
        using very want wants was wasn way we well went were weren what whatever when where whether
        which while who whole whom whose why will with within without won would wouldn yes yet you
        your yours""",
    "fr": """a à afin ai ailleurs ainsi alors après as assez au aucun aucune aujourd auprès auquel
        aura aurait auront aussi autant autre autres aux avaient avais avait avant avec avez avoir
        avons ayant beaucoup bien c ça car ce ceci cela celle celles celui cependant ces cet cette
        ceux chacun chaque chez chose ci combien comme comment contre d dans de déjà depuis derrière
        des dès désormais devant dire dit dites dois doit doivent donc donne donner dont du durant
        elle elles en encore ensuite entre envers es est et étaient étais était étant été êtes être
        eu eut eux explique expliquez faire fait fallait falloir fasse faut fit fois font furent fut
        grâce hors il ils ici j je jusque l la là laquelle le lequel les lesquelles lesquels leur
        leurs lors lorsque lui ma mais malgré me même mêmes mes mieux moi moins mon même n ne ni non
        nos notre nous on ont où ou ouais oui par parce parle parmi pas pendant permet peu peut
        peuvent peux plupart plus plusieurs plutôt pour pourquoi pourra pourrait pourtant près
        presque puis puisque qu quand quant que quel quelle quelles quelque quelques quels qui quoi
        rien s sa sans se selon sera serait seront ses seul seulement si sien soit son sont sous
        souvent suis sur surtout t ta tandis tant te tel telle tels tes toi ton toujours tous tout
        toute toutes très trop tu un une va vers veut veulent voici voilà voir vont vos votre vous
        voyez vraiment vu y""",
    "de": """aber alle als am an auch auf aus bei bin bis bist da damit dann das dass dem den denn
        der des die dies diese dieser doch du durch ein eine einem einen einer eines er es für gegen
        gibt haben hat hatte hatten ich ihr im in ist ja kann kein keine können man mehr mein mit
        muss nach nicht nichts noch nur ob oder ohne sehr sein sich sie sind so über um und uns
        unter vom von vor wann war waren warum was weil welche welcher wenn wer werden wie wieder
        wieso wir wird wo wurde wurden zu zum zur""",
    "es": """a al algo como con contra cual cuál cuándo cuánto cuántos de del desde donde dónde
        dos el él ella ellos en entre era es esta está estaba estado están este esto fue fueron ha
        había hace hacer han hasta hay la las le les lo los más me mi mientras muy nada ni no nos o
        para pero por porque qué que quién quiénes se según ser si sí sido sin sobre son su sus
        también te tiene todo todos tu un una uno unos y ya yo""",
    "it": """a ad agli ai al alla alle anche c che chi ci come con cosa cui da dal dalla dei del
        della delle dello di dopo dove e è era essere fa fatto fra gli ha hanno i il in io l la le
        lei lo loro lui ma mi nei nel nella non o per perché più prima qual quale quali quando
        quanti quanto quello questa questo se sei si sia sono stata stato su sua sul sulla suo tra
        tu tutti tutto un una uno""",
    "pt": """a à ao aos as até com como da das de do dos e é ela ele eles em entre era essa esse
        está estava este eu foi foram há isso isto já lhe mais mas me mesmo meu muito na não nas
        nem no nos num o onde os ou para pela pelas pelo pelos por porque qual quais quando quanto
        que quem são se seja sem ser seu seus só sobre sua também te tem tinha um uma você""",
    "nl": """aan al als bij daar dan dat de deze die dit doen door een en er geen had heb hebben
        heeft het hij hoe hoeveel hun ik in is je kan kunnen maar met mijn naar niet nog nu of om
        omdat onder ons ook op over te tegen toch toen tot u uit van veel voor waar waarom wanneer
        was wat we wel werd werden wie wij wil worden wordt zal ze zich zij zijn zo zou""",
}

# Words that a question of one or two words is likely to consist of; none is spelt alike in the other.
_CONTENT_WORDS = {
    "en": """agreement amount angry answer announcement app approved author bid bought buy buyer
        buyers buying ceo chairman cheap city company compare contract cost costs country
        customer customers dead deadline deal decision delivery details did died
        difference doctor earnings employees end explain exact fact facts fee fees fired forecast
        founder fund funding goal government growth happen happened headquarters health help hello
        hi history hired idea increase interest issue issues key killed law lawsuit leader
        list located main meaning meeting merger money month name named names
        need new news next notice number numbers offer offers order outcome overview owner owners owns
        paid partner partners payment penalty people percentage period phone president price prices
        problem problems proposal purpose quarter reason reasons refused
        refund rejected rejection release report results revenue rule rules safety salary sale
        sales schedule security seller sellers share shareholders shares sold stake
        start started statement status step steps summarise summarize summary tax team tenant terms thanks
        threat thank time timeline title topic trial users value victims warranty weather
        website week winner won work worth year years""",
    "fr": """abonnés accord acheter acheteur acheteurs acquéreur actionnaires adresse
        amende annonce appli arrêt auteur avis avocat bénéfice bénéfices bonjour bourse bref but
         cédé cession chiffre chiffres communiqué condamné contrat coût coûts crise
        début décès décision défaut délai délais demande dépenses dette différence directeur dirigeant
        donnée données droit durée échéance école embauche enfants enquête entreprise
        entreprises essai étape étapes événement exemple facture fermeture fondateur fonds
        garantie gagnant gouvernement hausse heure horaires impôt inconvénients intérêt
        jour jours limite livraison logiciel loi loyer maire marché menace merci mesure mesures
         mois montant mort naissance négociations niveau nom noms nombre notaire objectif
        offre offres paiement partenaire partenaires patron pays perte pertes peur plainte
        poursuites premier première prévisions prix procès produit produits propositions
        propriétaire propriétaires raison raisons rachat racheter rapport rejet rejetée
        remboursement remise rendez résumé résumer résultat résultats retard réponse réunion salaire
        salariés santé secours sécurité siège société sociétés succès taux tarif tarifs tâche
        titre usagers utilisateur utilisateurs valeur vendeur vendre vendu vendue vente ventes
        victimes ville vitesse""",
}


def _weights() -> dict[str, dict[str, float]]:
    """word -> language -> weight: a word that more languages share says less."""
    owners: dict[str, set[str]] = {}
    for language, words in _FUNCTION_WORDS.items():
        for word in words.split():
            owners.setdefault(word, set()).add(language)
    weights = {
        word: dict.fromkeys(sorted(languages), 2.0 / len(languages) ** 1.5)
        for word, languages in owners.items()
    }
    only = {language: set(words.split()) for language, words in _CONTENT_WORDS.items()}
    for language, words_ in only.items():
        for word in sorted(words_):
            if word not in weights and all(word not in only[o] for o in only if o != language):
                weights[word] = {language: 1.5}
    return weights


_WEIGHTS = _weights()
_TOKEN = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*['’ʼ]?")
_ELIDED = frozenset("l d qu n c j s m t jusqu lorsqu puisqu quelqu aujourd".split())
_ENGLISH_TAILS = frozenset("s t re ll ve m d".split())
_ENGLISH_SHAPE = re.compile(r"..(?:ing|ings|ness|ship|ght|ly|ful|less|ck|tch|ough|ould|dge|wn|th)s?$|^wh|^kn|^sh|[aeiou]lled$|ie[ds]$|[aeiou]w", re.I)  # fmt: skip
_FRENCH_SHAPE = re.compile(r"..(?:eux|euse|eau|eaux|aux|oir|ique|aire|eur|elle|ette|ées?|és|er|oire|ème|ère|ais|ait|aient|ez)s?$|oeu|œ|[çêîôûùàâ]|è|é", re.I)  # fmt: skip
_LETTERS = {
    "es": re.compile("[ñ¿¡]"),
    "de": re.compile("[äöüß]"),
    "pt": re.compile("ã|õ"),
}
_EN_OR_FR = ("en", "fr")

_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\u1100-\u11ff\uac00-\ud7a3]")),
    ("zh", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ffff]")),
    ("ru", re.compile(r"[\u0400-\u052f]")),
    ("ar", re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")),
    ("el", re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
)
_IDEOGRAPHS = frozenset({"ja", "ko", "zh"})
# Scripts that several languages share, and the letters that one of them has alone.
_OWN_LETTERS: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "ru": (("uk", re.compile("[іїєґІЇЄҐ]")), ("sr", re.compile("[јљњћђџЈЉЊЋЂЏ]"))),
    "ar": (("ur", re.compile("[ٹڈڑںے]")), ("fa", re.compile("[پچژگ]"))),
}

_QUOTED = re.compile(
    r"«[^»]{0,2000}»|“[^”]{0,2000}”|„[^“”]{0,2000}[“”]|\"[^\"\n]{0,2000}\"|‘[^’]{0,300}’(?!\w)"
)


def outside_quotations(text: str) -> str:
    """The text with what stands in quotation marks taken out: an answer's own language is that of
    its words, not of what it quotes."""
    return _QUOTED.sub(" ", text)


def detect(text: str, *, quotations: bool = True) -> str | None:
    """ISO 639-1 code of the language of `text`, None when it can't be told (a name, an emoji, a
    number). With `quotations=False` text in quotation marks is passed over. Never raises."""
    sample = text[:_SAMPLE]
    if not quotations:
        sample = outside_quotations(sample)
    script = _by_script(sample)
    if script is not None:
        return script
    if sample.isupper():
        sample = sample.lower()
    tokens = _TOKEN.findall(sample)
    if not tokens:
        return None
    scores, matched = _scores(sample, tokens)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    if ranked and ranked[0][0] in _EN_OR_FR:
        best, score = ranked[0]
        second = ranked[1][1] if len(ranked) > 1 else 0.0
        # A long text of a relative (Catalan) meets many French words, but not at every other word.
        dense = len(tokens) < 12 or matched[best] >= 0.4 * len(tokens)
        if score >= 0.7 and score >= 1.25 * second and dense:
            return best
    return _with_model(tokens, scores)


def _scores(sample: str, tokens: list[str]) -> tuple[dict[str, float], Counter[str]]:
    """Evidence for each language, and how many words speak for it."""
    scores: defaultdict[str, float] = defaultdict(float)
    matched: Counter[str] = Counter()
    for language, letters in _LETTERS.items():
        for token in tokens:
            if token[0].islower() and letters.search(token):
                scores[language] += 1.0
    if "¿" in sample or "¡" in sample:
        scores["es"] += 2.0
    for i, token in enumerate(tokens):
        head, *tail = re.split("['’ʼ]", token)
        following = (tail[0] if tail and tail[0] else "") or (
            tokens[i + 1] if i + 1 < len(tokens) else ""
        )
        lowered = head.lower()
        # "Le Monde", "The Verge", "L'Oréal", "Côte d'Ivoire": what stands in a name says nothing.
        capital = token[0].isupper()
        after_name = i > 0 and tokens[i - 1][0].isupper() and bool(tail) and tail[0][:1].isupper()
        if (
            (capital and i > 0)
            or (lowered in _ARTICLES and capital and following[:1].isupper())
            or (lowered == "d" and after_name)
        ):
            if tail and tail[-1] == "s":
                scores["en"] += 1.5
            continue
        if tail and tail[0].lower() in _ENGLISH_TAILS and len(tail[0]) <= 2:
            scores["en"] += 1.5
        elif tail and lowered in _ELIDED:
            scores["fr"] += 1.5
            matched["fr"] += 1
            scores["it"] += 0.75 if lowered in ("l", "d", "c") else 0.0
            lowered = tail[0].lower()
        weights = _WEIGHTS.get(lowered)
        if weights is not None:
            for language, weight in weights.items():
                scores[language] += weight
                matched[language] += 1
        elif not capital and len(lowered) > 3:
            if _ENGLISH_SHAPE.search(lowered):
                scores["en"] += 0.5
            if _FRENCH_SHAPE.search(lowered):
                scores["fr"] += 0.5
    return scores, matched


_ARTICLES = frozenset(
    "the a an new saint l le la les un une el los las der die das il lo gli i o os".split()
)


def _by_script(sample: str) -> str | None:
    """The language of the script that most letters belong to, unless it is Latin."""
    if sample.isascii():
        return None
    counts = {script: len(letters.findall(sample)) for script, letters in _SCRIPTS}
    # One ideograph stands for about three letters, and any kana makes a text Japanese.
    weight = {s: n * (3 if s in _IDEOGRAPHS else 1) for s, n in counts.items()}
    if counts["ja"]:
        weight["ja"] += weight.pop("zh")
    best = max(weight, key=lambda script: (weight[script], script))
    latin = sum(len(token) for token in _TOKEN.findall(sample) if token[0] < "\u0250")
    if not weight[best] or weight[best] < latin:
        return None
    for language, letters in _OWN_LETTERS.get(best, ()):
        if 20 * len(letters.findall(sample)) >= counts[best]:
            return language
    return best


# --- other languages ----------------------------------------------------------------------

_MODEL_LANGUAGES = (
    "en fr de es it pt nl pl sv da no fi tr ro cs sk hu ca vi id hr sl et lv lt sq eu gl".split()
)
_LARGE = frozenset("en fr de es it pt nl pl sv tr ro hu cs".split())
"""All that a text of a few words is held to be in."""
_PRIOR = 1.1
_BOUND = 0.5
"""Share of the evidence that the best language must have. Names alone get .25 ("tiktok"), real
questions .55 and up ("Microsoft teklifi neden reddedildi?")."""


def _with_model(tokens: list[str], scores: dict[str, float]) -> str | None:
    """The lists' evidence as a prior on what py3langid says of the words that aren't names."""
    words = [token for i, token in enumerate(tokens) if i == 0 or token[0].islower()]
    if not any(len(word) > 2 and (word[0].islower() or scores) for word in words):
        return None
    # The two languages that this project is made for come first where a few words leave it open.
    prior = _PRIOR if len(words) > 1 else 0.0
    evidence = {
        language: math.log(max(confidence, 1e-4))
        + min(scores.get(language, 0.0), 3.0)
        + (prior if language in _EN_OR_FR else 0.0)
        for language, confidence in _model()(" ".join(words))
        if len(words) > 4 or language in _LARGE
    }
    top = max(evidence.values())
    shares = {language: math.exp(value - top) for language, value in evidence.items()}
    best = max(shares, key=lambda language: (shares[language], language))
    return best if shares[best] / sum(shares.values()) >= _BOUND else None


@lru_cache(maxsize=1)
def _model() -> Callable[[str], list[tuple[str, float]]]:
    """py3langid as a function; loading takes most of a second, so only when it is needed."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_MODEL_LANGUAGES)

    def rank(text: str) -> list[tuple[str, float]]:
        return [(str(language), float(share)) for language, share in identifier.rank(text)]

    return rank
