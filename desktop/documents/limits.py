"""What a document may cost. Each limit is far beyond what honest documents need."""

from __future__ import annotations

from typing import Final

MAX_FILE_BYTES: Final = 1 << 30
MAX_TEXT_CHARS: Final = 200_000_000
MAX_BLOCK_CHARS: Final = 100_000
"""A longer block is split: a line of a gigabyte is no paragraph."""
MAX_ARCHIVE_ENTRIES: Final = 20_000
MAX_UNPACKED_BYTES: Final = 2 << 30
MAX_ENTRY_BYTES: Final = 256 << 20
"""Of one file in an archive that is read as text or XML."""
MAX_RATIO: Final = 200
"""Unpacked to packed bytes of an entry above ``RATIO_FROM_BYTES``; XML packs to 1 : 30 or so."""
RATIO_FROM_BYTES: Final = 16 << 20
MAX_CELLS_IN_ROW: Final = 2_000
MEMORY_LIMIT: Final = 3 << 30
CPU_LIMIT_S: Final = 1_800
SILENCE_LIMIT_S: Final = 60.0
"""How long the reading process may say nothing before it is given up."""
