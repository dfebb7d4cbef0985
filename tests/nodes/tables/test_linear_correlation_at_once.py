"""Linear Correlation, all pairs at once: each pair has the figures that it has alone, whatever is missing or constant."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from nodes.tables.linear_correlation import LinearCorrelation
from nodes.values.table import Table
from tests.support import run

CELLS = st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.just(float("nan")))


@pytest.mark.parametrize("method", ["pearson", "spearman"])
@given(data=st.data(), rows=st.integers(2, 12), offset=st.sampled_from([0.0, 1e3, 1e8]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pair_has_the_coefficient_that_it_has_alone(
    tmp_path: Path, method: Literal["pearson", "spearman"], data: st.DataObject, rows: int, offset: float
) -> None:
    columns = {c: data.draw(st.lists(CELLS, min_size=rows, max_size=rows)) for c in "abc"}
    columns["d"] = [float(n) + offset for n in range(rows)]
    columns["e"] = [offset] * rows
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64()))
    outputs = run(LinearCorrelation(method=method), {"table": Table.of(frame)}, tmp_path)
    for first, second, found, count, chance in outputs["pairs"].frame().iter_rows():  # type: ignore[union-attr]
        both = frame.select(pl.col(first, second).fill_nan(None)).drop_nulls().to_numpy()
        assert count == len(both)
        if len(both) < 2 or (both == both[0]).all(axis=0).any():
            assert found is None
            continue
        by = stats.pearsonr if method == "pearson" else stats.spearmanr
        with np.errstate(all="ignore"):
            told = by(both[:, 0], both[:, 1])
        if found is not None and np.isfinite(told.statistic):
            assert found == pytest.approx(float(told.statistic), abs=1e-6)
            assert chance is not None
