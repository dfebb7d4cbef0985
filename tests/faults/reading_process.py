"""A process that reads files as the engine does, and must not die of them: `python -m tests.faults.reading_process FOLDER`.

A line of standard input names a maker of `good_files` and a file; the answer says what became of it: `read`, `refused` with the
words for the person, or `fault` with what no person should see.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

from nodes.base import NodeError
from tests.faults.good_files import MAKERS
from tests.support import RecordingJob, configure


def main() -> None:
    """Answer until there are no more lines."""
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        name, path = json.loads(line)
        print(json.dumps(_outcome(name, Path(path), folder)), flush=True)


def _outcome(name: str, path: Path, folder: Path) -> tuple[str, str]:
    from nodes.base import Values

    try:
        node = MAKERS[name][1](path)
        configure(node, folder=folder)
        made = dict(node.execute(Values({}), RecordingJob(folder)))
        if "model" in made:
            _predict(made["model"])
    except NodeError as error:
        return "refused", str(error)
    except BaseException as error:  # noqa: BLE001 - panics, too
        place = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"
    return "read", ""


def _predict(model: object) -> None:
    """What a Predictor would do; scikit-learn may refuse it, which its node tells in words."""
    import numpy as np

    estimator = model.estimator  # type: ignore[attr-defined]
    rows = np.array([[0.1, -0.2], [3.0, 1e9]])
    for method in ("predict", "predict_proba"):
        try:
            getattr(estimator, method)(rows)
        except Exception:  # noqa: BLE001 - no crash
            continue


if __name__ == "__main__":
    main()
