"""What was calculated and may be asked for again."""

from __future__ import annotations

from collections import OrderedDict

from pages._service.content import size_of


class Results:
    """Finished results by content key, bounded in number and bytes; the least used go first.

    Not locked: the engine holds its own lock around every call.
    """

    def __init__(self, entries: int = 256, size: int = 256 * 2**20) -> None:
        """Keep at most `entries` results of at most `size` bytes together."""
        self._limits = entries, size
        self._kept: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        """Count the results."""
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        """Tell whether a result is here, without counting that as a use."""
        return key in self._kept

    def get(self, key: str, otherwise: object = None) -> object:
        """Return a result and mark it as used, or `otherwise` if it isn't here."""
        if key not in self._kept:
            return otherwise
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: str, result: object) -> None:
        """Store a result; one that is too large by itself is not kept and displaces nothing."""
        entries, limit = self._limits
        size = size_of(result)
        if size > limit:
            return
        self.bytes += size - self._kept.pop(key, (None, 0))[1]
        self._kept[key] = result, size
        while len(self._kept) > entries or self.bytes > limit:
            self.bytes -= self._kept.popitem(last=False)[1][1]
