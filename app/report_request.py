"""What a report is wanted of, as the editor tells it to the process that writes it (`app.report.stored`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.document.file import dump, parse
from app.document.model import Workflow


@dataclass(frozen=True)
class ReportRequest:
    """What a report is wanted of.

    Attributes:
        path: The HTML file to write.
        workflow: The workflow, as it is in the window.
        folder: What its relative paths are meant from.
        results: Where the results are stored.
        own: Whether it is the person's own, so that what it asks servers need not be asked about.
        failures: Node -> what is shown to be wrong with its last run, and what to do.
    """

    path: Path
    workflow: Workflow
    folder: Path
    results: Path
    own: bool = False
    failures: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return the request as JSON."""
        told = {name: getattr(self, name) for name in ("own", "failures")}
        paths = {name: str(getattr(self, name)) for name in ("path", "folder", "results")}
        return json.dumps({**told, **paths, "workflow": dump(self.workflow)})

    @classmethod
    def of_text(cls, text: str) -> ReportRequest:
        """Return the request that `to_text` wrote."""
        told = json.loads(text)
        return cls(
            path=Path(told["path"]),
            workflow=parse(told["workflow"]),
            folder=Path(told["folder"]),
            results=Path(told["results"]),
            own=told["own"],
            failures={node: (message, remedy) for node, (message, remedy) in told["failures"].items()},
        )
