"""CostLegend: what the numbers and colours over the nodes mean, in the corner of the canvas, and how to be rid of them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from app.editor.canvas.node_costs import Measure, NodeCost, amount_text, share_color
from app.editor.canvas.text_painting import paint_text
from app.editor.look import look
from nodes.wording import counted

LEGEND = QSize(252, 66)
STEPS = 12
"""Points of the gradient, which is no straight line between two colours."""


class CostLegend(QWidget):
    """The legend of one canvas.

    Args:
        parent: The canvas.
    """

    closed = Signal()
    """The person wants no numbers over the nodes any more."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(LEGEND)
        self.said = ""
        self.cross = QToolButton(self)
        self.cross.setObjectName("small")
        self.cross.setToolTip("Hide times and memory")
        self.cross.setAccessibleName("Hide times and memory")
        self.cross.setIconSize(QSize(14, 14))
        self.cross.setGeometry(LEGEND.width() - 26, 6, 20, 20)
        self.cross.clicked.connect(self.closed)
        look().changed.connect(self._dress)
        self._dress()
        self.hide()

    def _dress(self) -> None:
        self.cross.setIcon(look().icon("mdi6.close", look().colors.muted))
        self.update()

    def tell(self, measure: Measure, costs: dict[str, NodeCost]) -> None:
        """Say what is shown; nothing hides it."""
        self.setVisible(measure != "off")
        whole = amount_text(sum(cost.amount for cost in costs.values()), measure)
        what = "Time" if measure == "time" else "Results"
        self.said = f"{what}: {whole}, {counted(len(costs), 'node')}" if costs else f"{what}: no results yet"
        self.setAccessibleName(f"{self.said}. Colours tell each node's share.")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a card with a gradient."""
        colors = look().colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.setBrush(QColor(colors.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        paint_text(painter, self.said, QRectF(12, 6, self.width() - 40, 20), left, size=12, color=colors.text, bold=True)
        bar = QRectF(12, 32, self.width() - 24, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for step in range(STEPS + 1):
            gradient.setColorAt(step / STEPS, QColor(share_color((step / STEPS) ** 2, colors)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 4, 4)
        below = QRectF(12, 43, self.width() - 24, 16)
        paint_text(painter, "0 %", below, left, size=10.5, color=colors.muted)
        paint_text(painter, "25 %", below, Qt.AlignmentFlag.AlignCenter, size=10.5, color=colors.muted)
        paint_text(painter, "100 % of all", below, right, size=10.5, color=colors.muted)
