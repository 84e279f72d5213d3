"""What a study reads: a log, a file of records without a log, or any bytes at all."""

from collections.abc import Callable
from dataclasses import dataclass

from complab.codecs.catalogue import Catalogue
from complab.errors import PlanError
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.payloads import DEFAULT_MAX_INPUT_BYTES, Payloads, read_payloads
from complab.kafka.record_files import DEFAULT_BATCH_BYTES, KINDS, read_record_file


@dataclass(frozen=True, slots=True)
class InputOptions:
    """How an input is to be read.

    ``records`` is ``lines`` or ``length-prefixed`` for a file of records, which are put
    into batches of ``batch_bytes`` (the producer's ``batch.size``, 16,384 by default);
    ``None`` for a log. ``is_opaque`` takes any bytes as one block.
    ``max_input_bytes`` bounds what is measured, ``max_payload_bytes`` what a batch may
    decompress to. With ``run_count`` batches are drawn in so many runs of neighbours.
    """

    records: str | None = None
    batch_bytes: int | None = None
    is_opaque: bool = False
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES
    run_count: int | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.records is not None and self.records not in KINDS:
            message = f"records {self.records!r}: they are {' or '.join(KINDS)}"
            raise PlanError(message)
        if self.records is not None and self.is_opaque:
            message = "opaque bytes have no records: leave out --opaque or --records"
            raise PlanError(message)
        if self.batch_bytes is not None and self.records is None:
            message = (
                "a batch size is for --records lines or length-prefixed: the batches "
                "of a log are measured as they are stored"
            )
            raise PlanError(message)


def read_input(
    path: str,
    options: InputOptions,
    *,
    libraries: Catalogue,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Payloads:
    """The payloads to measure of a file, a folder or standard input (``-``).

    Raises ``InputError`` and its kin if nothing can be measured.
    """
    if options.records is not None:
        return read_record_file(
            path,
            options.records,
            batch_bytes=options.batch_bytes or DEFAULT_BATCH_BYTES,
            max_input_bytes=options.max_input_bytes,
            seed=seed,
            run_count=options.run_count,
        )
    return read_payloads(
        path,
        libraries=libraries,
        max_input_bytes=options.max_input_bytes,
        max_payload_bytes=options.max_payload_bytes,
        seed=seed,
        is_opaque=options.is_opaque,
        run_count=options.run_count,
        on_progress=on_progress,
    )
