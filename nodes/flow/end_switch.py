"""End Switch: brings branches together."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import ANY, Job, NodeError, Port, Spec, Specs, Value, Values
from nodes.kit.flow.kinds import AnyKind


class EndSwitch(AnyKind):
    """Give what comes from the branch that is taken.

    Of several wires that have something, the first counts. If no branch is taken, this node and those behind it are inactive,
    too.

    Example: an If Switch leads large tables through a Row Sampling and small ones around it; both ways end at an End Switch,
    and the learner behind it need not know which way was taken.
    """

    id = "flow.end_switch"
    title = "End Switch"
    icon = "mdi6.source-merge"
    keywords = ("End IF", "CASE Switch End", "CASE Switch Data (End)", "merge branches", "join branches", "coalesce")
    input_ports = (Port("branch", ANY, "Branch", "The end of a branch.", grows=True, lacking="inactive"),)
    output_ports = (Port("value", ANY, "Output", "What the branch that is taken gives."),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What all branches give, if they give the same."""
        given = specs.all("branch")
        return {"value": given[0] if given and all(spec == given[0] for spec in given) else None}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Pass it on."""
        given = values.all("branch")
        if not given:
            raise NodeError("No branch gave anything.", "Wire the ends of the branches to it.")
        return {"value": given[0]}
