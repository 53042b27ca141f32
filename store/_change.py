"""One open change of the casebook; made by ``Casebook.change`` only."""

from __future__ import annotations

import sqlalchemy as sa


class Change:
    """One open change: the only way to a connection that can write, and it always ends in an audit row.

    Set ``payload`` to what was written; ``cancel`` when there was nothing to write: then nothing is, audit included.
    """

    def __init__(self, connection: sa.Connection, seq: int) -> None:
        self.connection = connection
        self.seq = seq
        self.payload: object = None
        self.words: dict[str, str] = {}
        self.is_cancelled = False

    def cancel(self) -> None:
        """Undo the change and leave no trace of it."""
        self.is_cancelled = True
