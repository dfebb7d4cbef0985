"""The node classes, looked for once: most tests that need them need all, and change none."""

from __future__ import annotations

from nodes.catalog import Catalog

CATALOG = Catalog.load(plugins=False)
