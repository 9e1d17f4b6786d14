"""A stored chat of many messages, for benchmarks of the window."""

from __future__ import annotations

import time
from pathlib import Path

from desktop.storage.chats import ChatStore
from desktop.storage.database import Database

_REPLY = """Message {number} speaks of **tides** and `moons`.

- the bay narrows
- the water rises

```python
height = range_of_tide({number})
```

Fishermen learn the tables by heart, and the harbour master chalks the hour on a board.
"""


def write_long_chat(database: Path, messages: int) -> int:
    """Write a chat whose path is ``messages`` long; return its id."""
    with Database.open(database) as opened:
        chat = ChatStore(opened).create_chat("A long chat")
        with opened.transaction() as connection:
            parent = None
            for number in range(messages):
                own = number % 2 == 0
                text = f"Question {number}?" if own else _REPLY.format(number=number)
                connection.execute(
                    "insert into messages (chat_id, parent_id, role, state, created_at, text)"
                    " values (?, ?, ?, 'complete', ?, ?)",
                    (chat.id, parent, "user" if own else "assistant", time.time(), text),
                )
                parent = connection.last_insert_rowid()
            connection.execute("update chats set leaf_id = ? where id = ?", (parent, chat.id))
        return chat.id
