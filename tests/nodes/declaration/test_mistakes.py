"""What is said of wrong settings: one line for each, at its place, in the words of the dialog."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from nodes.base import Node, Settings, setting
from nodes.declaration.mistakes import SettingMistake, in_one_line, mistakes_in
from tests.catalog import CATALOG
from tests.nodes.declaration.wrong_values import wrong_values
from tests.sampling import mostly_exhaustive

INTERNAL = re.compile(
    r"constrained-|function-|tagged-union|Union|union_tag|literal_error|Input (should|tag)|validation error|\w_type\b|"
    r"type=|instance of|list\[|dict\[|tuple\[|Value error|pydantic|\bNone\b|MISSING"
)
"""What only pydantic says."""


def mistakes(model: type[Any], settings: dict[str, Any]) -> list[SettingMistake]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(settings)
    return mistakes_in(model, settings, caught.value)


def lines(model: type[Any], **settings: Any) -> list[str]:
    return [f"{m.setting}: {m.message} {m.remedy}" for m in mistakes(model, settings)]


@pytest.mark.parametrize("node_class", mostly_exhaustive(CATALOG.values(), 150, "mistakes"), ids=list(CATALOG))
def test_every_wrong_value_is_told_of_once_at_its_place_in_the_words_of_the_dialog(node_class: type[Node]) -> None:
    tried = told = 0
    for wrong in wrong_values(node_class):
        tried += 1
        try:
            node_class.model_validate(wrong.settings)
        except ValidationError as error:
            found = mistakes_in(node_class, wrong.settings, error)
        else:
            continue  # some settings take more than their types say, as one number for both of a pair
        places = [m.place for m in found]
        assert len(places) == len(set(places)), wrong
        for mistake in (m for m in found if m.kind == "wrong"):
            told += mistake.place[:1] == wrong.place[:1]
            said = f"{mistake.message} {mistake.remedy}"
            assert not INTERNAL.search(said), said
            assert "\n" not in said
            by_the_class = mistake.remedy == "Change it."
            assert by_the_class or numbered(mistake.place) == numbered(wrong.place), f"{mistake} for {wrong}"
            names = wrong.labels[: sum(isinstance(part, str) for part in mistake.place)]
            counted = r"( \d+)?(, \d+ of \d+)*"
            called = ": ".join(re.escape(name) + counted for name in names)
            assert not names or re.search(f"'{called}'", mistake.message), said
    assert told > tried / 2 or not tried


def numbered(place: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place, whichever element of a list is meant."""
    return tuple(part if isinstance(part, str) else 0 for part in place)


class Linear(Settings):
    """A line."""

    kind: Literal["Linear"] = "Linear"
    slope: float = setting(1.0, "Slope", "How steep.", gt=0)


class Steps(Settings):
    """A stair."""

    kind: Literal["Steps"] = "Steps"
    heights: list[Annotated[int, Field(ge=1)]] = setting([1], "Heights", "Of each step.", min_length=1)
    least: int = setting(0, "Least", "The lowest.")
    most: int = setting(1, "Most", "The highest.")

    @model_validator(mode="after")
    def _in_order(self) -> Steps:
        if self.least > self.most:
            raise ValueError(f"the least ({self.least}) must not be above the most ({self.most})")
        return self


class Part(Settings):
    """An element of a list."""

    name: str = setting(..., "Name", "What it is called.", min_length=1)
    size: tuple[int, int] = setting((1, 1), "Size", "Height and width.")


class Everything(Settings):
    """A group with every kind of union."""

    rate: Annotated[float, Field(gt=0)] | Annotated[Linear | Steps, Field(discriminator="kind")] = setting(
        1.0, "Rate", "A number or a curve."
    )
    curve: Annotated[Linear | Steps, Field(discriminator="kind")] | None = setting(None, "Curve", "Which curve.")
    untold: Linear | Steps | None = setting(None, "Untold curve", "Not told apart by pydantic.")
    parts: list[Part] = setting([], "Parts", "What it is made of.")
    by_name: dict[str, Annotated[float, Field(ge=0)]] = setting({}, "Weights", "By name.")
    mode: Literal["first", "second"] = setting("first", "Mode", "Which way.")
    text_or_number: str | float = setting("", "Mark", "Text or number.")
    code: str = setting("", "Code", "Three letters.", pattern="^[a-z]{0,3}$")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": -1}, ["rate: -1 does not do for 'Rate'. Enter a number above 0."]),
        ({"rate": "fast"}, ["rate: 'fast' does not do for 'Rate'. Enter a number above 0, or choose another kind."]),
        ({"rate": {"kind": "Linear", "slope": 0}}, ["rate.slope: 0 does not do for 'Rate: Slope'. Enter a number above 0."]),
        ({"rate": {"kind": "Linaer"}}, ["rate: 'Linaer' does not do for 'Rate'. Did you mean 'Linear'?"]),
        (
            {"rate": {"kind": "Steps", "heights": [1, 0]}},
            ["rate.heights.1: 0 does not do for 'Rate: Heights, 2 of 2'. Enter a whole number from 1."],
        ),
        (
            {"rate": {"kind": "Steps", "heights": []}},
            ["rate.heights: [] does not do for 'Rate: Heights'. Enter a list of 1 or more values, each a whole number from 1."],
        ),
        (
            {"curve": {"kind": "Steps", "least": 3, "most": 2}},
            ["curve: 'Curve': the least (3) must not be above the most (2). Change it."],
        ),
        ({"curve": 3}, ["curve: 3 does not do for 'Curve'. Choose Linear or Steps."]),
        (
            {"untold": {"kind": "Steps", "most": "x"}},
            ["untold.most: 'x' does not do for 'Untold curve: Most'. Enter a whole number."],
        ),
        ({"parts": [{"name": "a"}, {}]}, ["parts.1.name: 'Parts 2: Name' is not set. Set it."]),
        ({"parts": [{"name": ""}]}, ["parts.0.name: 'Parts 1: Name' is empty. Enter a text of at least 1 character."]),
        (
            {"parts": [{"name": "a", "size": [1, "b"]}]},
            ["parts.0.size.1: 'b' does not do for 'Parts 1: Size, 2 of 2'. Enter a whole number."],
        ),
        ({"parts": [{"name": "a", "colour": 1}]}, ["parts.0.colour: There is no setting 'parts.0.colour'. Remove it."]),
        ({"by_name": {"cat": -1}}, ["by_name.cat: -1 does not do for 'Weights: cat'. Enter a number from 0."]),
        ({"mode": "frist"}, ["mode: 'frist' does not do for 'Mode'. Did you mean 'first'?"]),
        ({"mode": 7}, ["mode: 7 does not do for 'Mode'. Choose first or second."]),
        ({"text_or_number": [1]}, ["text_or_number: [1] does not do for 'Mark'. Enter a text or a number."]),
        ({"code": "abcd"}, ["code: 'abcd' does not do for 'Code'. Three letters."]),
        ({"mod": "first"}, ["mod: 'Everything' has no setting 'mod'. Did you mean 'mode'?"]),
    ],
)
def test_each_kind_of_setting_says_what_would_do(settings: dict[str, Any], said: list[str]) -> None:
    assert lines(Everything, **settings) == said


def test_settings_that_do_not_fit_together_have_no_place() -> None:
    (found,) = mistakes(Steps, {"least": 3})
    assert (found.place, found.setting, found.kind) == ((), None, "wrong")
    assert found.message == "The least (3) must not be above the most (1)."


def test_several_are_told_in_the_order_of_the_settings_and_in_one_line() -> None:
    wrong = {"rate": 0, "mode": "x", "nonsense": 1}
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(wrong)
    assert in_one_line(Everything, wrong, caught.value) == (
        "rate: 0 is not a number above 0; mode: 'x' is none of its choices; nonsense: there is no such setting"
    )


def test_a_long_value_is_cut_short() -> None:
    (found,) = mistakes(Everything, {"mode": "x" * 1000})
    assert len(found.message) < 120
