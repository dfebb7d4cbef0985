"""Date and Time: the present moment as variables."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from nodes.base import VARIABLES_PORT, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.variables import Scalar, ScalarType, Variables, VariablesSpec

_TYPES: Mapping[str, ScalarType] = {
    "now": "text", "date": "text", "time": "text", "stamp": "text",
    "year": "integer", "month": "integer", "day": "integer", "weekday": "integer",
    "hour": "integer", "minute": "integer", "second": "integer",
}  # fmt: skip


class DateAndTime(Node):
    """Give the moment at which the node runs as variables.

    `now` (2025-12-31T23:59:58+01:00), `date` (2025-12-31), `time` (23:59:58), `year`, `month`, `day`, `weekday` (1: Monday),
    `hour`, `minute`, `second`, and `stamp`, formatted as the setting says, such as for names of files. Every run asks the clock
    anew, but what depends on a variable runs again only if that is another one: of a node bound to `date` once a day.
    Variables that come in are passed on.

    Example: a CSV Writer whose file is `results/${date}.csv` keeps one file for each day.
    """

    id = "flow.date_and_time"
    title = "Date and Time"
    shelf = "Flow"
    icon = "mdi6.calendar-clock"
    keywords = ("Create Date&Time Range", "now", "today", "timestamp", "clock", "current time", "flow variable")
    input_ports = (VARIABLES_PORT,)
    output_ports = (Port("variables", "variables", "Variables", "The moment, and the variables that came in."),)

    zone: str = setting("", "Time zone", "Such as Europe/Berlin or UTC; empty means that of this machine.")
    stamp: str = setting(
        "%Y%m%d-%H%M%S", "Stamp", "The form of `stamp`: %Y year, %m month, %d day, %H hour, %M minute, %S second.", min_length=1
    )

    @property
    def reproducible(self) -> bool:
        """Time goes on."""
        return False

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The names; what time it will be nobody knows."""
        self._zone()
        given = specs.variables()
        values = {name: value for name, value in given.values.items() if name not in _TYPES}
        return {"variables": VariablesSpec({**given.types, **_TYPES}, values)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Look at the clock."""
        given = values.variables()
        now = datetime.datetime.now(datetime.UTC).astimezone(self._zone()).replace(microsecond=0)
        made: dict[str, Scalar] = {
            "now": now.isoformat(), "date": now.date().isoformat(), "time": now.time().isoformat(),
            "stamp": now.strftime(self.stamp),
            "year": now.year, "month": now.month, "day": now.day, "weekday": now.isoweekday(),
            "hour": now.hour, "minute": now.minute, "second": now.second,
        }  # fmt: skip
        return {"variables": Variables({**given.types, **_TYPES}, {**given.values, **made})}

    def _zone(self) -> datetime.tzinfo | None:
        import zoneinfo

        if not self.zone.strip():
            return None
        try:
            return zoneinfo.ZoneInfo(self.zone.strip())
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"There is no time zone '{self.zone}'."
            raise NodeError(message, "Write it as Europe/Berlin, or UTC.", setting="zone") from error
