"""Curves, the monitor and their titles belong to the workflow in front, and are those of now."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from app.editor.views.learning_view import LearningView
from tests.app.editor.test_running import chain
from tests.app.editor.window_support import Person


def heading(view: LearningView) -> str:
    return view._title.text()


def test_curves_are_those_of_the_workflow_in_front_and_say_whose(person: Person) -> None:
    view = person.window.docks.learning
    _, learner = chain(person, "toy.count", "toy.learn")
    first = person.workspace
    person.press("F7")
    person.until_state(learner, "done")
    person.until(lambda: [run.node for run in view.shown] == [learner])
    person.until(lambda: heading(view) == f"{first.title} · Learn")
    chain(person, "toy.count", "toy.learn")
    second = person.workspace
    person.until(lambda: not view.shown)
    first_run = person.window.docks.trainings.latest(first.id, learner)
    assert first_run is not None
    person.window.docks.trainings.changed.emit(first_run.id)  # news of the workflow behind
    QApplication.processEvents()
    assert not view.shown
    person.window.desk.show(first)
    person.until(lambda: view.shown == [first_run])
    person.window.desk.show(second)
    person.until(lambda: not view.shown)
    person.window.desk.show_welcome()
    person.until(lambda: not view.shown)


def test_the_monitor_says_whose_node_it_shows_and_follows_what_is_applied(person: Person) -> None:
    count, add = chain(person, "toy.count", "toy.add")
    monitor = person.window.docks.monitor
    person.press("Shift+F7")
    person.until_state(add, "done")
    person.select(count)
    title = person.workspace.title
    person.until(lambda: monitor._title.text().startswith(f"{title} · Count"))
    person.until(lambda: monitor._summary.text().startswith("3 rows"))
    person.configure(count, {"rows": 7})
    person.until(lambda: monitor._summary.text().startswith("7 rows"))
    assert monitor._banner.isVisibleTo(monitor), "the view is of the former settings, and says so"
    person.document.rename(count, "Seven")
    person.until(lambda: monitor._title.text().startswith(f"{title} · Seven"))
