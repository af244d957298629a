"""Which documents a question is asked of: a choice by path, a range of dates, or both.

A document dated "2020-09" may be of any day of that month: it is in a range that holds one of its
days. A document without a date is in no range.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from rag.errors import UsageError
from rag.types import DocumentInfo, Scope, Selection

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)


def make(
    documents: Iterable[DocumentInfo],
    patterns: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
) -> Selection | None:
    """From what a person wrote: glob patterns over the documents' paths (`*` takes slashes too; a
    path is a pattern of itself) and dates; empty ones set no limit. None when nothing limits.

    Raises UsageError for a pattern that matches no document, a date that is none, and a range that
    ends before it begins."""
    since, until = (since or "").strip() or None, (until or "").strip() or None
    sources: set[str] = set()
    known = [info.source for info in documents]
    for pattern in patterns:
        found = {s for s in known if s == pattern or fnmatchcase(s, pattern)}
        if not found:
            raise UsageError(
                f"no document's path matches {pattern!r}: `rag sources` lists the paths, "
                "* stands for any part of one"
            )
        sources |= found
    return checked(Selection(frozenset(sources) if patterns else None, since, until))


def checked(selection: Selection) -> Selection | None:
    """None when nothing limits. Raises UsageError for a date that is none, and for a range that ends
    before it begins."""
    since, until = selection.since, selection.until
    first, last = days(since)[0] if since else "", days(until)[1] if until else "9999-12-31"
    if last < first:
        raise UsageError(f"the range ends ({until}) before it begins ({since}): swap the dates")
    return None if selection == Selection() else selection


def scope(selection: Selection, documents: Sequence[DocumentInfo]) -> Scope:
    """What the selection comes to among the index's documents."""
    chosen = [info for info in documents if _is_chosen(selection, info)]
    limited = selection.since is not None or selection.until is not None
    return Scope(
        selection,
        sum(in_range(selection, info.date) for info in chosen),
        len(documents),
        sum(info.date is None for info in chosen) if limited else 0,
    )


def holds(selection: Selection, info: DocumentInfo) -> bool:
    """Whether the selection holds a document."""
    return _is_chosen(selection, info) and in_range(selection, info.date)


def in_range(selection: Selection, date: str | None) -> bool:
    """Whether a document's date, `YYYY[-MM[-DD]]`, may lie in the selection's range."""
    if selection.since is None and selection.until is None:
        return True
    if date is None:
        return False
    first, last = days(date)
    after = selection.since is None or last >= days(selection.since)[0]
    before = selection.until is None or first <= days(selection.until)[1]
    return after and before


def days(date: str) -> tuple[str, str]:
    """The first and the last day, `YYYY-MM-DD`, that `YYYY[-MM[-DD]]` may mean. Raises UsageError for
    what the calendar doesn't have."""
    match = _DATE.fullmatch(date)
    year, month, day = (
        (int(part) if part else None for part in match.groups()) if match else (0, 0, 0)
    )
    if not year or month == 0 or (month or 1) > 12:
        raise _no_date(date)
    first, last = month or 1, month or 12
    length = calendar.monthrange(year, last)[1]
    if day is not None:
        if not 1 <= day <= length:
            raise _no_date(date)
        return (f"{year:04d}-{first:02d}-{day:02d}",) * 2
    return f"{year:04d}-{first:02d}-01", f"{year:04d}-{last:02d}-{length:02d}"


def _no_date(date: str) -> UsageError:
    return UsageError(f"{date!r} is no date: write 2020, 2020-09 or 2020-09-14")


def _is_chosen(selection: Selection, info: DocumentInfo) -> bool:
    return selection.sources is None or info.source in selection.sources
