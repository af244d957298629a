"""Who says it: where a text attributes what it says, in French and English, by pattern."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.marks import plain
from rag.types import Span

_PARTICIPLES = (
    "déclaré|indiqué|affirmé|annoncé|expliqué|ajouté|précisé|confirmé|souligné|rappelé|noté|révélé|"
    "rapporté|estimé|assuré|communiqué|écrit|dit|fait savoir|fait valoir|raconté|répondu|averti|"
    "prévenu|reconnu|admis|signalé|mentionné|conclu|commenté|relaté|avancé|laissé entendre|prétendu|"
    "soutenu|insisté|martelé|lancé|promis|garanti|observé|constaté|relevé|détaillé|publié|jugé|"
    "poursuivi|plaidé|tweeté|démenti|regretté|salué|dénoncé"
)
_ADVERB = r"(?:(?:\w+ment|également|aussi|déjà|toutefois|encore|cependant|ainsi|même|alors)\s+)?"
_COMPOUND = rf"(?:a|ont|avait|avaient|ai|avons|aurait|auraient)\s+{_ADVERB}(?:{_PARTICIPLES})"
_PRESENT = (
    r"(?:(?:déclar|indiqu|affirm|annonc|expliqu|ajout|précis|confirm|soulign|not|rapport|estim|"
    r"assur|communiqu|racont|signal|mentionn|comment|relat|observ|constat|insist)(?:e|ent|ait|aient)|"
    r"rappell(?:e|ent)|révèl(?:e|ent)|dit|disent|disait|écri(?:t|vent|vait)|répond(?:ent)?|"
    r"averti(?:t|ssent)|reconnaît|admet|prétend(?:ent)?|soutien(?:t|nent)|"
    r"déclara|affirma|annonça|indiqua|expliqua|ajouta|précisa)"
)
_SAY_FR = rf"(?:{_COMPOUND}|{_PRESENT})"
_SAY_EN = (
    r"(?:(?:has|have|had)\s+)?(?:also\s+|later\s+|further\s+)?(?:said|says|say|stated|(?<!united )states|"
    r"announced|announces|confirmed|confirms|reported|reports|added|adds|explained|explains|"
    r"claimed|claims|revealed|reveals|noted|notes|told|tells|declared|declares|wrote|writes|"
    r"warned|warns|insisted|acknowledged|admitted|indicated|indicates|argued|argues|suggested|"
    r"suggests|pointed out|denied|mentioned|disclosed|tweeted|asserted|asserts|maintained)"
)
_STOP = r"[^,;:.!?«»“”\"()]"
_ATTRIBUTION = {
    "fr": (
        # Un rapport du Daily Mail révèle que · Microsoft a déclaré en août qu'
        re.compile(rf"(?<!\w)(?P<clause>){_SAY_FR}(?!\w){_STOP}{{0,80}}?(?<!\w)qu(?:e(?!\w)|')"),
        # l'agence de presse ajoute : « · a déclaré : « (the words follow)
        re.compile(rf"(?<!\w)(?P<clause>){_SAY_FR}(?!\w){_STOP}{{0,60}}?\s*:"),
        # Walmart avait confirmé s'être allié
        re.compile(rf"(?<!\w)(?P<clause>){_SAY_FR}\s+(?:s'être|avoir|être|vouloir|pouvoir|ne pas)(?!\w)"),
        # , a fait savoir dimanche soir le géant · », a déclaré Microsoft dans un communiqué
        re.compile(rf"[,»”\"]\s*(?:comme\s+l'\s*)?{_SAY_FR}(?![\w'])(?:-t-(?:il|elle|on))?{_STOP}*"),
        re.compile(rf"(?<!\w)(?:selon|d'après|à en croire)(?!\w)(?!\s+que){_STOP}*"),
        re.compile(rf"(?<!\w)(?:citée?s?|rapportée?s?|relayée?s?|révélée?s?) par(?!\w){_STOP}*"),
        re.compile(
            r"(?<!\w)(?:rappel|ajout|précis|affirm|soulign|estim|assur|indiqu|expliqu)ant qu(?:e|')"
        ),
        re.compile(r"(?<!\w)se basant sur(?!\w)[^,;:.!?]*"),
    ),
    "en": (
        re.compile(rf"(?<!\w)(?P<clause>){_SAY_EN}(?!\w){_STOP}{{0,80}}?(?<!\w)that(?!\w)"),
        re.compile(rf"(?<!\w)(?P<clause>){_SAY_EN}(?!\w){_STOP}{{0,60}}?\s*[:,]\s*(?=[\"“«])"),
        re.compile(rf"[,»”\"]\s*(?:{_STOP}{{1,60}}?\s)?{_SAY_EN}(?!\w){_STOP}*"),
        re.compile(r"(?<!\w)(?P<clause>)(?:said|says|told|stated|denied)(?!\w)(?! to (?:be|have))"),
        re.compile(rf"(?<!\w)according to(?!\w){_STOP}*"),
        re.compile(rf"(?<!\w)(?:cited|quoted|reported|revealed) by(?!\w){_STOP}*"),
    ),
}  # fmt: skip


@lru_cache(maxsize=4096)
def attributions(text: str, language: str) -> tuple[Span, ...]:
    """Where the text says who says it: from the speaker's clause to its "que", the clause after the
    quotation (", a déclaré Microsoft dans un communiqué"), "selon X"; sorted, never overlapping."""
    lowered = plain(text)
    spans: list[Span] = []
    languages = (language,) if language in _ATTRIBUTION else tuple(_ATTRIBUTION)
    for one in languages:
        for pattern in _ATTRIBUTION[one]:
            spans += [
                Span(_from(lowered, match), match.end()) for match in pattern.finditer(lowered)
            ]
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


_LAST_STOP = re.compile(r"[,;:.!?«»“”\"()](?=[^,;:.!?«»“”\"()]*$)")


def _from(lowered: str, match: re.Match[str]) -> int:
    """Where an attribution begins: with its clause, when its pattern begins at the verb."""
    if "clause" not in match.re.groupindex:
        return match.start()
    window = max(0, match.start() - 300)
    stop = _LAST_STOP.search(lowered[window : match.start()])
    return window + stop.end() if stop else window
