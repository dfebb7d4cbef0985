"""Equal Size Sampling: as many rows of each class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodes.base import Columns, Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.settings import seed_setting
from nodes.kit.tables.sampling import GROUP_KINDS, SAME_ROWS, groups_of
from nodes.wording import counted, grouped


class EqualSizeSampling(Node):
    """Choose rows so that every class has the same number of them.

    By down-sampling, each class gets as many rows as the rarest one has, chosen by chance; by up-sampling, rows of the
    rarer classes come several times until they are as many as the most frequent one's. Split off test data before, or the
    same row is trained and tested on. The rows keep their order, and nothing is copied.

    Example: of 900 healthy and 100 ill patients, choosing `diagnosis` leaves 100 of each.
    """

    id = "tables.equal_size_sampling"
    title = "Equal Size Sampling"
    shelf = "Tables / Rows"
    icon = "mdi6.scale-balance"
    keywords = ("balance classes", "downsampling", "undersampling", "oversampling", "upsampling", "imbalanced", "resample")
    input_ports = (Port("table", "table", "Table", "The rows to choose from."),)
    output_ports = (Port("table", "table", "Balanced table", "As many rows of each class."),)

    class_column: str | None = setting(
        None,
        "Nominal column",
        "The column with the classes; a missing value counts as a class of its own.",
        columns=Columns("table", GROUP_KINDS),
    )
    method: Literal["exact", "approximate", "oversample"] = setting(
        "exact",
        "Sampling",
        "How classes become equal.",
        choices={
            "exact": "Down to exactly the size of the rarest class.",
            "approximate": "Down; each row is kept with its class's chance, so sizes differ a little.",
            "oversample": "Up to the size of the most frequent class, by drawing rows again.",
        },
    )
    seed: int | None = seed_setting(SAME_ROWS)

    @property
    def reproducible(self) -> bool:
        """Without a seed, every run chooses other rows."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's columns; how many rows come is not known."""
        table = specs.table()
        table.require(self.class_column, *GROUP_KINDS, setting="class_column")
        return {"table": table.with_rows(None)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """A choice of the input's rows; only the classes are read."""
        import numpy as np

        table = values.table()
        assert self.class_column is not None
        groups = groups_of(table, self.class_column)
        generator = np.random.default_rng(self.seed)
        sizes = [len(group) for group in groups]
        chosen = [np.arange(0)]
        for group in groups:
            job.check_cancelled()
            match self.method:
                case "exact":
                    picked = generator.choice(group, min(sizes), replace=False)
                case "approximate":
                    picked = group[generator.random(len(group)) < min(sizes) / len(group)]
                case "oversample":
                    again = generator.choice(group, max(sizes) - len(group), replace=True)
                    picked = np.concatenate([group, again])
            chosen.append(picked)
        rows = sum(map(len, chosen))
        job.log(f"{counted(rows, 'row')} of {counted(len(groups), 'class', 'classes')}, out of {grouped(table.height)}.")
        return {"table": table.take(np.sort(np.concatenate(chosen)))}
