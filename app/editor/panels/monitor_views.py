"""The views of the node monitor, by the names on their pills; each is imported and made when it is wanted first.

All of them have `show_output(node, port, key)`: show this output of the node's result with this key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.editor.asking import Asks
from app.editor.views.picture_sides import PictureSides
from app.editor.views.training_runs import TrainingHistory

IMAGES, TABLE, STATISTICS, FIGURES = "Images", "Table", "Statistics", "Figures"
CONFUSION, LEARNING, NETWORK, ABOUT = "Confusion matrix", "Learning", "Network", "Settings & messages"


@dataclass(frozen=True)
class ViewContext:
    """What views are made with.

    Attributes:
        asks: Who is asked about results.
        document: The workflow, as the engine calls it.
        trainings: The trainings of this session.
        title_of: What the person calls a node.
        sides: How tall pictures are in which table.
    """

    asks: Asks
    document: str
    trainings: TrainingHistory
    title_of: Callable[[str], str]
    sides: PictureSides


def make_view(name: str, given: ViewContext) -> Any:
    """The widget of a view."""
    return _MAKERS[name](given)


def _images(given: ViewContext) -> Any:
    from app.editor.views.image_view import ImageGridView

    return ImageGridView(given.asks, given.document)


def _table(given: ViewContext) -> Any:
    from app.editor.views.table_view import TableView

    return TableView(given.asks, given.document, given.sides)


def _statistics(given: ViewContext) -> Any:
    from app.editor.views.statistics_view import StatisticsView

    return StatisticsView(given.asks, given.document)


def _figures(given: ViewContext) -> Any:
    from app.editor.views.figures_page import FiguresPage

    return FiguresPage(given.asks, given.document)


def _confusion(given: ViewContext) -> Any:
    from app.editor.views.confusion_view import ConfusionView

    return ConfusionView(given.asks, given.document)


def _learning(given: ViewContext) -> Any:
    from app.editor.views.learning_page import LearningPage

    return LearningPage(given.asks, given.document, given.trainings, given.title_of)


def _network(given: ViewContext) -> Any:
    from app.editor.views.network_view import NetworkView

    return NetworkView(given.asks, given.document)


_MAKERS: dict[str, Callable[[ViewContext], Any]] = {
    IMAGES: _images,
    TABLE: _table,
    STATISTICS: _statistics,
    FIGURES: _figures,
    CONFUSION: _confusion,
    LEARNING: _learning,
    NETWORK: _network,
}
