"""Small widgets that Qt has not: a switch, an icon as a button, a layout that wraps, a combo box that leaves the wheel alone."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from app.editor.look import look

SWITCH = QSize(34, 20)


class Switch(QAbstractButton):
    """On or off, drawn as a switch; the space bar and a click change it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return a little more than the switch, for the ring that shows the focus."""
        return SWITCH + QSize(6, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a rounded track and a knob."""
        colors = look().colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(3, (self.height() - SWITCH.height()) / 2, SWITCH.width(), SWITCH.height())
        if not self.isEnabled():
            painter.setOpacity(0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.accent if self.isChecked() else colors.edge))
        painter.drawRoundedRect(track, 10, 10)
        left = track.right() - 18 if self.isChecked() else track.left() + 2
        painter.setBrush(QColor(colors.on_accent if self.isChecked() or not colors.dark else colors.text))
        painter.drawEllipse(QRectF(left, track.top() + 2, 16, 16))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors.text if self.isChecked() else colors.accent), 2))
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 12, 12)


class IconButton(QToolButton):
    """A flat button that is an icon; its tooltip is its accessible name.

    Args:
        icon: A Material Design icon.
        tip: What it does.
        size: The icon's size in pixels.
    """

    def __init__(self, icon: str, tip: str, parent: QWidget | None = None, *, size: int = 16) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setIconSize(QSize(size, size))
        self.setAutoRaise(True)
        self.setProperty("role", "small")
        look().changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self.setIcon(look().icon(self._icon, look().colors.muted))


class QuietComboBox(QComboBox):
    """A combo box that the wheel changes only when it has the focus, so that scrolling the page changes nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaxVisibleItems(16)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Change the choice only with the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as ever, but a text that is too long ends in dots, and the arrow is in the colours of now."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.width() - 40 - (0 if option.currentIcon.isNull() else option.iconSize.width() + 6)
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        if self.currentIndex() < 0 and self.placeholderText():
            option.palette.setBrush(QPalette.ColorRole.ButtonText, option.palette.placeholderText())
            option.currentText = self.placeholderText()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        arrow = look().icon("mdi6.chevron-down", look().colors.muted).pixmap(QSize(16, 16), self.devicePixelRatio())
        painter.drawPixmap(self.width() - 23, (self.height() - 16) // 2, arrow)


class FlowLayout(QLayout):
    """Puts widgets in lines, as words of a text (Qt's own example, Flow Layout)."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 5) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = spacing
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add at the end."""
        self._items.append(item)

    def insert(self, index: int, widget: QWidget) -> None:
        """Add a widget at a place."""
        self.addWidget(widget)
        self._items.insert(index, self._items.pop())
        self.invalidate()

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return the item at a place."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove the item at a place."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return that it takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return that it is the higher, the narrower it is."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines."""
        return self._lay(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put everything in its place."""
        super().setGeometry(rect)
        self._lay(rect, move=True)

    def sizeHint(self) -> QSize:
        """Return the least it needs."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Return room for the largest item."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _lay(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inside = rect.adjusted(margins.left(), margins.top(), -margins.right(), -margins.bottom())
        x, y, line = inside.x(), inside.y(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            width = min(hint.width(), max(inside.width(), 1))
            if x > inside.x() and x + width > inside.right() + 1:
                x, y, line = inside.x(), y + line + self._gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), QSize(width, hint.height())))
            x += width + self._gap
            line = max(line, hint.height())
        return y + line - rect.y() + margins.bottom()
