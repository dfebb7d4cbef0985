"""Denormalizer: scaled numbers become what they were."""

from __future__ import annotations

from nodes.kit.tables.scaling import ModelApplied


class Denormalizer(ModelApplied):
    """Undo what a Normalizer did, by its model: a forecast on the scale of 0 to 1 becomes degrees, or euros, again.

    Columns are told by name: a predicted column must have the name that the model knows (Column Renamer), or is left as it
    is where absent columns are ignored.

    Example: wire the model of the Normalizer to it, and the Executor's table: predictions between 0 and 1 become degrees
    again.
    """

    id = "tables.denormalizer"
    title = "Denormalizer"
    icon = "mdi6.backup-restore"
    keywords = ("inverse transform", "unscale", "undo normalization", "original scale")
    inverse = True
