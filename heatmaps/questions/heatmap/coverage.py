"""How much of the truth is in a reply."""

from dataclasses import dataclass
from typing import Any

from heatmaps.statistics.sides import share


@dataclass(slots=True, kw_only=True)
class Coverage:
    """Counted while the reply is made. A cell is a bucket where it is about scroll depth; counts are of interactions,
    whatever the reply counts."""

    visitors_total: int = 0
    count_total: int = 0
    cells_total: int = 0
    cells_hidden: int = 0
    cells_returned: int = 0
    count_returned: int = 0

    def summary(self) -> dict[str, Any]:
        return {
            "cells_returned": self.cells_returned,
            "cells_total": self.cells_total,
            "cells_hidden": self.cells_hidden,
            "count_returned": self.count_returned,
            "count_total": self.count_total,
            "share": share(self.count_returned, self.count_total),
            "visitors_total": self.visitors_total,
        }
