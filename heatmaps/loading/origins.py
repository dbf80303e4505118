"""Which numbers mark the rows that a file has loaded."""

from heatmaps.loading.files import open_source
from heatmaps.loading.load import origin_of

# More often nobody loads a file on purpose.
_TIMES = 1_000


def origins_of_file(name: str) -> list[int]:
    """Of every time that it may have been loaded with `--again`. Raises BadFile where it cannot be read."""
    with open_source(name, lambda _: None) as source:
        digest = source.read_to_the_end()
    return [origin_of(digest, times) for times in range(_TIMES)]
