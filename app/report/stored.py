"""The report of what is stored of a workflow, as it is open in the editor: nothing is computed for it.

`python -m app.report` writes one, in a process of its own: the editor must not wait, and the engine has better to do.
"""

from __future__ import annotations

from app.report.page import write_report
from app.report_request import ReportRequest


def report_stored(request: ReportRequest) -> None:
    """Write a report.

    Raises:
        DocumentError: If the workflow cannot be read.
        OSError: If the results cannot be read, or the report cannot be written.
    """
    from app.engine import executor
    from app.engine.events import Event
    from app.engine.job import RunControl
    from app.engine.nonces import Nonces
    from app.engine.permissions import Permissions
    from app.engine.planner import make_plan
    from app.engine.store import Store
    from app.engine.trust import Trust
    from app.folders import node_index, sound_files
    from app.trusted_scripts import TrustedScripts
    from nodes.base import NodeError
    from nodes.catalog import Catalog
    from nodes.kit.probing.soundness import remember_in

    remember_in(sound_files())
    writes = Permissions(own=request.own, digests=TrustedScripts.load().digests, results=request.results)
    trust = Trust(everything=True, writes=writes)  # no script runs: what they gave when they did is stored
    plan = make_plan(request.workflow, Catalog.load(index=node_index()), folder=request.folder, trust=trust)
    store = Store(request.results)
    control = RunControl()
    control.cancel.set()  # what is stored is found, nothing else is begun
    events: list[Event] = []
    nonces = Nonces(request.results / "store.sqlite")
    result = executor.run(plan, store, events.append, control=control, nonce_of=nonces.of)
    result.skipped.clear()
    result.failures.update({n: NodeError(*said) for n, said in request.failures.items() if n in plan.nodes})
    result.status = "failed" if result.failures else "done"
    records = [record for key in result.keys.values() if (record := store.record(key)) is not None]
    result.seconds = sum(record.seconds for record in records)
    write_report(request.path, request.workflow, plan, result, store, events)
