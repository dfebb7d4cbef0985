"""How the tests of real files read them: as the engine would, with what the person is told."""

import polars as pl
import pytest

from nodes.base import Node, NodeError, Specs, Values
from nodes.readers.csv_table import CsvReader
from tests.support import RecordingJob, assert_fits


class Read:
    """What a reader made of a file.

    Attributes:
        frame: The table.
        told: What was said while configuring: sentence -> the setting to change.
        warned: What was said while running.
    """

    def __init__(self, node: Node, folder) -> None:
        specs = Specs({}, "node_1", folder)
        promised = node.configure(specs)["table"]
        self.told = {message: specs.concerned.get(message) for message in specs.warnings}
        job = RecordingJob(folder)
        table = node.execute(Values({}), job)["table"]
        if promised is not None:
            assert_fits(promised, table)
        self.frame: pl.DataFrame = table.frame()
        self.warned = job.warnings

    def rows(self):
        return self.frame.rows()

    def columns(self):
        return self.frame.to_dict(as_series=False)

    def says(self, *words):
        """The setting to change, of the one sentence with all of these words."""
        found = [setting for message, setting in self.told.items() if all(word in message for word in words)]
        assert len(found) == 1, self.told
        return found[0]


@pytest.fixture
def csv_read(tmp_path):
    def read(content, **settings):
        (tmp_path / "f.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return Read(CsvReader(path="f.csv", **settings), tmp_path)

    return read


@pytest.fixture
def csv_refused(tmp_path, csv_read):
    def refused(content, **settings):
        with pytest.raises(NodeError) as caught:
            csv_read(content, **settings)
        assert caught.value.remedy
        for word in ("polars", "dtype", "infer_schema", "ComputeError"):
            assert word not in str(caught.value)
        return caught.value

    return refused
