"""The frame of popups: a card with rounded corners and a soft shadow, on a window that is transparent around it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QVBoxLayout, QWidget

SHADOW = 14
"""Room around the card for its shadow."""


def popup_frame(window: QWidget) -> QVBoxLayout:
    """Make a widget a floating card; returns the layout inside the card."""
    window.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    frame = QFrame(window)
    frame.setProperty("role", "popup")
    shadow = QGraphicsDropShadowEffect(frame)
    shadow.setBlurRadius(SHADOW * 2)
    shadow.setOffset(0, 3)
    shadow.setColor(QColor(0, 0, 0, 70))
    frame.setGraphicsEffect(shadow)
    around = QVBoxLayout(window)
    around.setContentsMargins(SHADOW, SHADOW, SHADOW, SHADOW)
    around.addWidget(frame)
    inside = QVBoxLayout(frame)
    inside.setContentsMargins(8, 8, 8, 8)
    inside.setSpacing(6)
    return inside
