"""Decompressors for the codecs that batches are stored in, each made when needed.

Not for choosing what to measure: of several libraries the preferred one decodes.
"""

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue


class Decoders:
    """A decompressor for each of Kafka's codecs, made when it is first needed."""

    def __init__(self, libraries: Catalogue) -> None:
        """Remember where libraries come from; none is opened yet."""
        self._libraries = libraries
        self._problems: dict[int, str] = {0: ""}
        self.coders: dict[int, core.Coder] = {}

    def problem(self, codec_id: int) -> str:
        """Why batches of a codec cannot be decompressed, ``""`` if they can."""
        if codec_id not in self._problems:
            self._problems[codec_id] = self._make(codec_id)
        return self._problems[codec_id]

    def _make(self, codec_id: int) -> str:
        if codec_id >= len(catalogue.KAFKA_CODECS):
            return f"codec bits {codec_id} mean no codec"
        codec = catalogue.find(catalogue.KAFKA_CODECS[codec_id], catalogue.KAFKA)
        (provider,) = self._libraries.choose(codec, None)
        if provider.library is None:
            return provider.problem
        levels = core.codec_levels(codec, provider.library)
        self.coders[codec_id] = core.Coder(
            codec,
            provider.library,
            core.Direction.DECOMPRESS,
            level=levels.default if levels else 0,
        )
        return ""
