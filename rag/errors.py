"""Everything that can go wrong on purpose, as one tree.

    RagError                 1   one line that says what happened and what to do
    ├── UsageError           2   the caller asked for something that can't be
    │   └── FolderMismatch   2   another documents' folder than the index's own
    ├── DocumentSkipped      -   a file that can't be indexed; carries its reason
    ├── IndexProblem          1   the index can't be used as it is
    │   ├── IndexMissing     1   there is none yet
    │   ├── IndexMismatch    1   made by another embedder, chunking or version
    │   ├── IndexDamaged     1   what lies there can't be read
    │   └── IndexBusy        1   another process is writing it
    ├── ModelUnavailable     1   a model can't be found, read or loaded
    ├── ServerUnavailable    1   an address that was given doesn't answer
    └── Cancelled            -   the person stopped it

The number is the exit code of the command line. Messages are one line, name what came,
what was expected and what to do next, and are shown to a person as they are.
"""


class RagError(Exception):
    """Base of all errors of this project; `str(error)` is one line for a person."""

    exit_code = 1


class UsageError(RagError):
    """The request itself is wrong: an unknown source, an empty question, a bad option."""

    exit_code = 2


class FolderMismatch(UsageError):
    """The index belongs to another folder than the one that was named."""


class DocumentSkipped(RagError):
    """A file that is left out of the index; `str(error)` is the reason, without the file's name."""


class IndexProblem(RagError):
    """The index can't be used as it is."""


class IndexMissing(IndexProblem):
    """No index lies in the data folder yet."""


class IndexMismatch(IndexProblem):
    """The index was made by another embedder, chunking, loader or a newer version."""


class IndexDamaged(IndexProblem):
    """The index can't be read; it can be made anew from the documents."""


class IndexBusy(IndexProblem):
    """Another process is writing the index."""


class ModelUnavailable(RagError):
    """A model can't be found, is not what it should be, or can't be loaded."""


class ServerUnavailable(RagError):
    """A server whose address was given doesn't answer, or answers with an error."""


class Cancelled(RagError):
    """The person pressed stop."""
