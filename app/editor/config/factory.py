"""Which control edits which shape. A new kind of setting gets its control here; what is not known is edited as JSON."""

from __future__ import annotations

from typing import Any

from app.editor.config.control import Control
from app.editor.config.declaration import (
    MISSING,
    Anything,
    Choice,
    Declared,
    Fixed,
    Flag,
    Group,
    Mapped,
    Maybe,
    Number,
    OneOf,
    Scalar,
    Series,
    Shape,
    Text,
    settings_of,
)
from app.editor.config.surroundings import Surroundings


def control_for(
    shape: Shape, declared: Declared | None = None, surroundings: Surroundings | None = None, depth: int = 0, name: str = ""
) -> Control:
    """A new control.

    Args:
        shape: What it edits.
        declared: The setting, where the control is for a whole one.
        surroundings: What is around the node.
        depth: How many groups it is inside of.
        name: What the accessible names of settings inside begin with.
    """
    from app.editor.config import nested

    around = surroundings or Surroundings()
    optional = isinstance(shape, Maybe)
    inner = shape.inner if isinstance(shape, Maybe) else shape
    help = declared.choices if declared else {}
    match inner:
        case Text() if declared is not None and (declared.columns or declared.layers or declared.path):
            return _naming_control(declared, around, optional)
        case Text(longest):
            return _text_control(longest, declared, optional, name)
        case Scalar(flags):
            from app.editor.config.simple import ScalarControl

            return ScalarControl(flags=flags, optional=optional)
        case Choice(options):
            from app.editor.config.simple import ChoiceControl

            return ChoiceControl(options, help, optional=optional)
        case OneOf():
            return nested.OneOfControl(inner, around, optional=optional, depth=depth, name=name)
        case _:
            made = _plain_control(inner, declared, around, depth, name)
            return nested.MaybeControl(shape, made) if isinstance(shape, Maybe) and not isinstance(inner, Anything) else made


def _text_control(longest: int | None, declared: Declared | None, optional: bool, name: str) -> Control:
    """For a text that names nothing: a script, several lines, or one."""
    from app.editor.config.simple import LinesControl, TextControl

    if declared is not None and declared.code:
        from app.editor.config.code import CodeControl

        return CodeControl(name or declared.label, optional=optional)
    default = declared.default if declared is not None else ""
    if declared is not None and (declared.lines or (isinstance(default, str) and "\n" in default)):
        return LinesControl(optional=optional)
    return TextControl(longest, optional=optional)


def _naming_control(declared: Declared, around: Surroundings, optional: bool) -> Control:
    """For a text that names a column, a layer, a file or a folder."""
    if declared.columns:
        from app.editor.config.columns import ColumnControl, Offer

        return ColumnControl(Offer(around, *declared.columns), around, optional=optional)
    if declared.layers:
        from app.editor.config.columns import ColumnControl
        from app.editor.config.layers import LayerOffer

        return ColumnControl(LayerOffer(around, *declared.layers), around, optional=optional)
    from app.editor.config.paths import PathControl

    return PathControl(declared.path, around, optional=optional)


def _plain_control(shape: Shape, declared: Declared | None, around: Surroundings, depth: int, name: str) -> Control:
    from app.editor.config import nested, sequences, simple
    from app.editor.config.number import NumberControl

    made: Control
    match shape:
        case Number():
            made = NumberControl(shape, seed=declared is not None and declared.is_seed)
        case Flag():
            made = simple.SwitchControl()
        case Fixed(items) if all(isinstance(item, Number) for item in items):
            made = sequences.FixedControl(shape)
        case Fixed(items) if all(isinstance(i, Fixed) and all(isinstance(n, Number) for n in i.items) for i in items):
            made = sequences.NestedFixedControl(shape)
        case Group(model):
            made = nested.GroupControl(model, around, depth=depth, name=name)
        case Mapped():
            made = sequences.NamedControl(shape)
        case Series():
            made = _list_control(shape, declared, around, depth, name)
        case _:
            made = simple.JsonControl()
    return made


def _list_control(shape: Series, declared: Declared | None, around: Surroundings, depth: int, name: str) -> Control:
    from app.editor.config import columns, nested, sequences

    item = shape.item.inner if isinstance(shape.item, Maybe) else shape.item
    if isinstance(item, Text) and declared is not None and declared.columns:
        return columns.ColumnsControl(columns.Offer(around, *declared.columns), around)
    if isinstance(item, Text) and declared is not None and declared.layers:
        from app.editor.config.layers import LayerOffer
        from app.editor.config.wires import PER_WIRE, WiresControl

        if declared.layers[1] == PER_WIRE:
            return WiresControl(around, declared.layers[0])
        return columns.ColumnsControl(LayerOffer(around, *declared.layers), around)
    if isinstance(item, Choice):
        return columns.ChoicesControl(item.options, declared.choices if declared else None)
    if isinstance(item, Number | Text | Scalar):
        return sequences.ChipsControl(shape)
    return nested.CardsControl(shape, declared, around, depth=depth, name=name)


def blank(shape: Shape, tag: tuple[str, str] | None = None) -> Any:
    """A value to begin with where there is no default: valid where that can be, else empty.

    Args:
        shape: What it is for.
        tag: For a group that is told apart by a field: that field and its value.
    """
    made: Any = None
    match shape:
        case Number():
            made = _blank_number(shape)
        case Flag():
            made = False
        case Fixed(items):
            made = [blank(item) for item in items]
        case Series():
            made = []
        case Mapped():
            made = {}
        case Group(model):
            needed = {
                d.name: blank(d.shape) for d in settings_of(model) if d.default is MISSING and not (tag and d.name == tag[0])
            }
            made = ({tag[0]: tag[1]} if tag else {}) | {name: value for name, value in needed.items() if value is not None}
        case OneOf(alternatives):
            made = blank(alternatives[0].shape, alternatives[0].tag)
    return made


def _blank_number(shape: Number) -> Any:
    for value in (1, 0, shape.least, shape.most, shape.above, shape.below):
        if value is not None and shape.within(value):
            return int(value) if shape.whole else float(value)
    middle = ((shape.above or 0.0) + (shape.below or 1.0)) / 2
    return int(middle) if shape.whole else middle
