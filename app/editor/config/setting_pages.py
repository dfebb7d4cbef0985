"""SettingPages: the pages of a form behind tabs. A page with something wrong has a dot at its tab."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QFrame, QPlainTextEdit, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.editor.config.form import SettingsForm
from app.editor.look import look
from app.editor.plain_label import PlainLabel

GAP = 10


class SettingPages(QWidget):
    """Tabs, and the page of the chosen one. Where one page alone has something to show, there are no tabs."""

    chosen = Signal(str)
    """(title) Another page is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles: list[str] = []
        self._again = QTimer(self, singleShot=True, interval=0)  # the page is laid out by then
        self._again.timeout.connect(self._keep_in_view)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setStyleSheet("QTabBar::tab { padding-left: 8px; padding-right: 8px; }")  # four pages fit into a narrow dock
        self.tabs.setAccessibleName("Groups of settings")
        self.tabs.currentChanged.connect(self._chosen)
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.tabs)
        layout.addWidget(self._stack, 1)

    def clear(self) -> None:
        """Show no page."""
        self._titles = []
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        self.tabs.blockSignals(False)
        while (widget := self._stack.widget(0)) is not None:
            self._stack.removeWidget(widget)
            widget.deleteLater()

    def show_form(self, form: SettingsForm) -> None:
        """Show the pages of a form; the first one is chosen."""
        self.clear()
        self._titles = list(form.pages)
        self.tabs.blockSignals(True)
        for title, page in form.pages.items():
            self.tabs.addTab(title)
            area = QScrollArea()
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidgetResizable(True)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setProperty("role", "plain")
            page.setContentsMargins(1, 2, 5, 4)
            area.setWidget(page)
            area.viewport().installEventFilter(self)
            self._stack.addWidget(area)
        if not self._titles:
            nothing = PlainLabel("This node has no settings.")
            nothing.setProperty("role", "muted")
            nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._stack.addWidget(nothing)
        self.tabs.blockSignals(False)

    def choose(self, title: str) -> None:
        """Show a page, if there is one of that title."""
        if title in self._titles:
            index = self._titles.index(title)
            if index == self.tabs.currentIndex():
                self._chosen(index)
            else:
                self.tabs.setCurrentIndex(index)

    def mark(self, wrong: Collection[str], empty: Collection[str]) -> None:
        """Mark the tabs.

        Args:
            wrong: Titles of pages on which something is wrong.
            empty: Titles of pages with nothing to be seen; their tabs are hidden.
        """
        for index, title in enumerate(self._titles):
            self.tabs.setTabIcon(index, _dot(look().colors.wrong) if title in wrong else QIcon())
            self.tabs.setTabVisible(index, title not in empty)
            self.tabs.setTabToolTip(index, "Something on this page is wrong" if title in wrong else "")
        self.tabs.setVisible(sum(self.tabs.isTabVisible(index) for index in range(self.tabs.count())) > 1)

    def tab_icon(self, title: str) -> QIcon:
        """Return the mark on a tab."""
        return self.tabs.tabIcon(self._titles.index(title))

    def scroll_to(self, widget: QWidget) -> None:
        """Bring a widget of the page into view."""
        area = self._stack.currentWidget()
        page = area.widget() if isinstance(area, QScrollArea) else None
        if not isinstance(area, QScrollArea) or page is None:
            return
        area.ensureWidgetVisible(widget, 0, 24)
        if isinstance(widget, QPlainTextEdit):  # it may be higher than there is room: the line one types in counts
            line = widget.viewport().mapTo(page, widget.cursorRect().center())
            area.ensureVisible(line.x(), line.y(), 0, 24)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep in view what has the focus, when the help or a message below takes room from the page."""
        if event.type() == QEvent.Type.Resize:
            focus, area = QApplication.focusWidget(), self._stack.currentWidget()
            if focus is not None and isinstance(area, QScrollArea) and area.viewport() is watched and area.isAncestorOf(focus):
                self._again.start()
        return False

    def _keep_in_view(self) -> None:
        focus = QApplication.focusWidget()
        if focus is not None and self._stack.isAncestorOf(focus):
            self.scroll_to(focus)

    def is_seen(self, widget: QWidget) -> bool:
        """Return whether a widget is on the page that is seen, and not hidden there."""
        return widget.isVisibleTo(self._stack) and not widget.isHidden()

    def _chosen(self, index: int) -> None:
        if 0 <= index < len(self._titles):
            self._stack.setCurrentIndex(index)
            self.chosen.emit(self._titles[index])


def _dot(color: str) -> QIcon:
    """Return a small filled circle."""
    picture = QPixmap(16, 16)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawEllipse(1, 1, 6, 6)
    painter.end()
    return QIcon(picture)
