"""Which control edits which shape. A new kind of setting gets its control here; what is not known is edited as JSON."""

from __future__ import annotations

from app.editor.config.code import CodeControl
from app.editor.config.column_pickers import ChoicesControl, ColumnControl, ColumnOffer, ColumnsControl
from app.editor.config.control import Control
from app.editor.config.dialog_context import DialogContext
from app.editor.config.element_cards import CardsControl
from app.editor.config.layer_pickers import LayerOffer
from app.editor.config.nested import GroupControl, MaybeControl, OneOfControl
from app.editor.config.number import NumberControl
from app.editor.config.paths import PathControl
from app.editor.config.sequences import ChipsControl, FixedControl, NamedControl, NestedFixedControl
from app.editor.config.simple import ChoiceControl, JsonControl, LinesControl, ScalarControl, SwitchControl, TextControl
from app.editor.config.tensor_per_wire import PER_WIRE, TensorPerWireControl
from nodes.declaration.declared import Declared
from nodes.declaration.setting import SettingInfo
from nodes.declaration.shapes import (
    Anything,
    Choice,
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
)

_PLAIN = SettingInfo()
"""Of a value inside another one nothing is declared but its shape."""


class ControlFactory:
    """Makes the controls of one dialog, and is handed to those that have controls inside.

    Args:
        context: What the controls share.
    """

    def __init__(self, context: DialogContext) -> None:
        self.context = context

    def make(self, shape: Shape, declared: Declared | None = None, depth: int = 0, name: str = "") -> Control:
        """Return a new control (`app.editor.config.control.MakesControls`)."""
        optional = isinstance(shape, Maybe)
        inner = shape.inner if isinstance(shape, Maybe) else shape
        info = declared or _PLAIN
        match inner:
            case Text(longest):
                return self._text_control(longest, declared, optional, name)
            case Scalar():
                return ScalarControl(flags=inner.flags, optional=optional)
            case Choice(options):
                return ChoiceControl(options, info.choices, optional=optional)
            case OneOf():
                return OneOfControl(inner, self, optional=optional, depth=depth, name=name)
            case _:
                made = self._plain_control(inner, declared, depth, name)
                return MaybeControl(shape, made) if isinstance(shape, Maybe) and not isinstance(inner, Anything) else made

    def _text_control(self, longest: int | None, declared: Declared | None, optional: bool, name: str) -> Control:
        """Return a control for a text that names a column, a layer, a file or a folder, a script, several lines, or one."""
        info = declared or _PLAIN
        offer = self._offer(info)
        default = declared.default if declared is not None else ""
        if offer is not None:
            made: Control = ColumnControl(offer, self.context, optional=optional)
        elif info.path:
            made = PathControl(info.path, self.context, optional=optional)
        elif info.code:
            made = CodeControl(name or info.label, optional=optional)
        elif info.lines or (isinstance(default, str) and "\n" in default):
            made = LinesControl(name or info.label or "Text", optional=optional)
        else:
            made = TextControl(longest, optional=optional, offers=info.offers)
        return made

    def _offer(self, info: SettingInfo) -> ColumnOffer | None:
        """Return what a setting may name, where it names columns, layers or tensors."""
        if info.columns is not None:
            return ColumnOffer(self.context, info.columns.port, info.columns.accepts)
        return LayerOffer(self.context, info.layers.port, info.layers.offers) if info.layers is not None else None

    def _plain_control(self, shape: Shape, declared: Declared | None, depth: int, name: str) -> Control:
        made: Control
        match shape:
            case Number():
                made = NumberControl(shape, seed=declared is not None and declared.is_seed)
            case Flag():
                made = SwitchControl()
            case Fixed(items) if all(isinstance(item, Number) for item in items):
                made = FixedControl(shape)
            case Fixed(items) if all(isinstance(i, Fixed) and all(isinstance(n, Number) for n in i.items) for i in items):
                made = NestedFixedControl(shape)
            case Group(model):
                made = GroupControl(model, self, depth=depth, name=name)
            case Mapped():
                made = NamedControl(shape, self)
            case Series():
                made = self._list_control(shape, declared, depth, name)
            case _:
                made = JsonControl()
        return made

    def _list_control(self, shape: Series, declared: Declared | None, depth: int, name: str) -> Control:
        item = shape.item.inner if isinstance(shape.item, Maybe) else shape.item
        info = declared or _PLAIN
        offer = self._offer(info) if isinstance(item, Text) else None
        if offer is not None and info.layers is not None and info.layers.offers == PER_WIRE:
            made: Control = TensorPerWireControl(self.context, info.layers.port)
        elif offer is not None:
            made = ColumnsControl(offer, self.context)
        elif isinstance(item, Choice):
            made = ChoicesControl(item.options, info.choices)
        elif isinstance(item, Number | Text | Scalar):
            made = ChipsControl(shape)
        else:
            made = CardsControl(shape, declared, self, depth=depth, name=name)
        return made
