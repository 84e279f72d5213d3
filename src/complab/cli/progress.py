"""The progress line on a terminal: what is measured, how far, how long still.

It is drawn between epochs, by the thread that measures, and seldom: a display with a
thread of its own would run on the other core while a codec is being timed.
"""

import time
from collections.abc import Mapping
from typing import TextIO

from complab.cli.progress_line import ProgressLine
from complab.kafka.payloads import Payloads
from complab.plan import Plan
from complab.runner.events import (
    Dropped,
    EpochMeasured,
    Event,
    Settled,
    Verified,
)
from complab.runner.measure import describe_blocks


class Progress(ProgressLine):
    """Shows a run's events on ``stream`` where that is a terminal; else nothing."""

    def __init__(
        self, stream: TextIO, *, is_quiet: bool, environ: Mapping[str, str]
    ) -> None:
        """Decide whether there is anyone to see it."""
        super().__init__(stream, is_quiet=is_quiet, environ=environ)
        self._begin_s = time.monotonic()
        self._verified: set[int] = set()
        self._settled_count = 0
        self._epoch_count = 0

    def start(self, plan: Plan, payloads: Payloads) -> None:
        """Say what will be measured, and what is begun with."""
        self._begin_s = time.monotonic()
        if self.is_shown:
            self._stream.write(
                f"{describe_blocks(payloads.blocks)}; "
                f"{len(plan.configurations)} rows, at most {plan.budget_s:g} s\n"
            )
        self._draw_verifying(plan)

    def show(self, plan: Plan, event: Event) -> None:
        """Count the event and draw the line anew if it is time to."""
        row_count = len(plan.configurations)
        if isinstance(event, Verified | Dropped) and len(self._verified) < row_count:
            self._verified.add(event.configuration)
            self._draw_verifying(plan)
        elif isinstance(event, Settled):
            self._settled_count += 1
        elif isinstance(event, EpochMeasured):
            self._epoch_count += 1
            if self.is_due:
                name = plan.configurations[event.configuration].name
                self._draw(
                    plan,
                    f"{self._epoch_count:,} epochs, "
                    f"{self._settled_count} of {2 * row_count} speeds known",
                    f"{event.direction.name.lower()}ed {name}",
                )

    def _draw_verifying(self, plan: Plan) -> None:
        """Name the row that is verified now: the slowest of them takes seconds."""
        waiting = [
            each for each in plan.verification_order if each.id not in self._verified
        ]
        if waiting:
            count = len(plan.configurations)
            self._draw(
                plan,
                f"{count - len(waiting)} of {count} rows verified",
                f"verifying {waiting[0].name}",
            )

    def _draw(self, plan: Plan, far: str, what: str) -> None:
        left_s = max(0.0, plan.budget_s - (time.monotonic() - self._begin_s))
        self.draw(f"{far}, at most {left_s:.0f} s left: {what}")
