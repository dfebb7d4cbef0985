"""What a person can do in the window, as rows; and in which menus and where in the toolbar the rows are shown.

Keys are KNIME's where KNIME has the action: F6 configure, F7 run to here, Shift+F7 run all, F8 reset, F9 cancel, F10 view.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.document.arrange import Edge
from app.editor.actions import SEPARATOR, ActionRow

if TYPE_CHECKING:
    from app.editor.window import MainWindow

MENUS: dict[str, list[str]] = {
    "&File": [
        "file.new", "file.open", "file.recent", SEPARATOR,
        "file.save", "file.save_as", "file.close", SEPARATOR,
        "file.export_png", "file.export_svg", SEPARATOR,
        "file.preferences", "file.quit",
    ],
    "&Edit": [
        "edit.undo", "edit.redo", SEPARATOR,
        "edit.cut", "edit.copy", "edit.paste", "edit.duplicate", "edit.delete", "edit.select_all", SEPARATOR,
        "edit.find", "edit.connect", "edit.rename", "edit.note", "edit.annotate", SEPARATOR, "edit.variables",
    ],
    "&Node": ["node.add", "node.configure", "node.view", "node.help"],
    "&Run": ["run.all", "run.here", "run.again", SEPARATOR, "run.cancel", "run.cancel_all", SEPARATOR, "run.reset"],
    "&Arrange": [
        "arrange.auto", SEPARATOR,
        "arrange.left", "arrange.center", "arrange.right", SEPARATOR,
        "arrange.top", "arrange.middle", "arrange.bottom", SEPARATOR,
        "arrange.across", "arrange.down",
    ],
    "&View": [
        "view.fit", "view.zoom_in", "view.zoom_out", "view.zoom_reset", "view.minimap", SEPARATOR,
        "view.docks", "view.light", "view.dark", "view.system", SEPARATOR, "view.welcome",
    ],
    "&Help": ["help.palette", "help.shortcuts", "help.tour", SEPARATOR, "help.about"],
}  # fmt: skip
"""Menu -> its actions; `file.recent` and `view.docks` stand for menus of their own."""

TOOLBAR = [
    "file.open", "file.save", "edit.undo", "edit.redo", SEPARATOR, "run.all", "run.here", "run.cancel", "run.reset",
]  # fmt: skip

NODE_MENU = [
    "node.configure", "run.here", "run.again", "run.cancel", "run.reset", "node.view", SEPARATOR,
    "edit.rename", "edit.note", "edit.cut", "edit.copy", "edit.duplicate", "edit.delete", SEPARATOR,
    "edit.connect", "edit.annotate", "arrange.auto", SEPARATOR, "node.help",
]  # fmt: skip
CANVAS_MENU = ["node.add", "edit.paste", "edit.annotate", SEPARATOR, "edit.select_all", "arrange.auto", "view.fit"]
WIRE_MENU = ["edit.delete"]
BOX_MENU = ["edit.copy", "edit.duplicate", "edit.delete"]


def rows(window: MainWindow) -> list[ActionRow]:
    """All actions of a window."""
    files, edits, runs, helps = window.files, window.edits, window.runs, window.helps
    canvas = window.canvas_call

    def is_open() -> bool:
        return window.current is not None

    def one_node() -> bool:
        return len(window.selected_nodes) == 1

    def several() -> bool:
        return edits.selected(2)

    def align(edge: Edge, title: str, icon: str) -> ActionRow:
        return row(f"arrange.{edge}", title, lambda: edits.align(edge), icon=icon, enabled=several)

    row = ActionRow
    on_canvas = partial(ActionRow, on_canvas=True)
    return [
        row("file.new", "&New workflow", files.new, ["Ctrl+N"], "mdi6.file-plus-outline"),
        row("file.open", "&Open...", files.open_dialog, ["Ctrl+O"], "mdi6.folder-open-outline", hint="Open a workflow"),
        row("file.save", "&Save", files.save, ["Ctrl+S"], "mdi6.content-save-outline", is_open, hint="Save the workflow"),
        row("file.save_as", "Save &as...", files.save_as, ["Ctrl+Shift+S"], enabled=is_open),
        row("file.close", "&Close", files.close, ["Ctrl+W"]),
        row("file.export_png", "Export the canvas as &PNG...", files.export_png, enabled=is_open),
        row("file.export_svg", "Export the canvas as S&VG...", files.export_svg, enabled=is_open),
        row("file.preferences", "Pre&ferences...", window.show_preferences, ["Ctrl+,"], "mdi6.cog-outline"),
        row("file.quit", "&Quit", window.close, ["Ctrl+Q"]),
        row("edit.undo", "&Undo", edits.undo, ["Ctrl+Z"], "mdi6.undo", edits.can_undo, name=edits.undo_name),
        row("edit.redo", "&Redo", edits.redo, ["Ctrl+Shift+Z", "Ctrl+Y"], "mdi6.redo", edits.can_redo, name=edits.redo_name),
        on_canvas("edit.cut", "Cu&t", edits.cut, ["Ctrl+X"], "mdi6.content-cut", edits.has_selection),
        on_canvas("edit.copy", "&Copy", edits.copy, ["Ctrl+C"], "mdi6.content-copy", edits.has_selection),
        on_canvas("edit.paste", "&Paste", edits.paste, ["Ctrl+V"], "mdi6.content-paste"),
        on_canvas("edit.duplicate", "&Duplicate", edits.duplicate, ["Ctrl+D"], enabled=edits.has_selection),
        on_canvas("edit.delete", "De&lete", edits.delete, ["Del", "Backspace"], "mdi6.delete-outline", edits.has_selection),
        on_canvas("edit.select_all", "Select &all", lambda: canvas("select_all"), ["Ctrl+A"], enabled=is_open),
        on_canvas("edit.find", "&Find a node...", window.show_palette, ["Ctrl+F"], "mdi6.magnify", is_open),
        on_canvas("edit.rename", "Re&name", window.rename_selected, ["F2"], enabled=one_node, hint="Give the node a name"),
        row("edit.note", "&Edit the note", window.edit_note, ["Alt+F2"], enabled=one_node, hint="The text below the node"),
        row("edit.connect", "Connect the &selected nodes", lambda: canvas("connect_selection"), ["Ctrl+L"], enabled=several),
        row("edit.annotate", "Add an annotation &box", edits.annotate, ["Ctrl+Shift+B"], "mdi6.card-text-outline", is_open),
        row("edit.variables", "Workflow &variables...", window.show_variables, ["Ctrl+Alt+V"], enabled=is_open),
        row("node.add", "&Add a node...", edits.offer_next, ["Ctrl+."], "mdi6.plus", is_open, hint="Add a node here"),
        row("node.configure", "&Configure", window.configure_selected, ["F6"], "mdi6.tune-variant", one_node),
        row("node.view", "Show the &results", window.view_selected, ["F10"], "mdi6.chart-box-outline", one_node),
        row("node.help", "&Description", helps.show_selected, ["Shift+F1"], "mdi6.information-outline", one_node),
        row(
            "run.all", "&Run all", runs.run_all, ["Shift+F7"], "mdi6.play", runs.can_run,
            hint="Run every node that has no result yet",
        ),
        row(
            "run.here", "Run to &here", runs.run_selected, ["F7"], "mdi6.skip-next", runs.can_run_selected,
            hint="Run the selected nodes and all they need",
        ),
        row("run.again", "Run a&gain", runs.run_again, ["Ctrl+F7"], enabled=runs.can_run, hint="Compute anew"),
        row("run.cancel", "&Cancel", runs.cancel_selected, ["F9"], "mdi6.stop", runs.can_cancel, hint="Stop what is running"),
        row("run.cancel_all", "Cancel &everything", runs.cancel_all, ["Shift+F9"], enabled=runs.can_cancel),
        row("run.reset", "Re&set", runs.reset, ["F8"], "mdi6.restore", runs.can_run, hint="Forget results, here and behind"),
        row("arrange.auto", "Arrange &automatically", edits.arrange, ["Ctrl+Shift+L"], "mdi6.graph-outline", is_open),
        align("left", "Align &left", "mdi6.align-horizontal-left"),
        align("center", "Align &centers", "mdi6.align-horizontal-center"),
        align("right", "Align &right", "mdi6.align-horizontal-right"),
        align("top", "Align &top", "mdi6.align-vertical-top"),
        align("middle", "Align &middles", "mdi6.align-vertical-center"),
        align("bottom", "Align &bottom", "mdi6.align-vertical-bottom"),
        row("arrange.across", "Di&stribute across", lambda: edits.distribute("horizontal"), enabled=lambda: edits.selected(3)),
        row("arrange.down", "Distribute &down", lambda: edits.distribute("vertical"), enabled=lambda: edits.selected(3)),
        row("view.fit", "&Fit", lambda: canvas("fit"), ["Ctrl+1"], "mdi6.fit-to-page-outline", is_open, hint="Show everything"),
        row("view.zoom_in", "Zoom &in", lambda: canvas("zoom_in"), ["Ctrl++", "Ctrl+="], "mdi6.magnify-plus-outline", is_open),
        row("view.zoom_out", "Zoom &out", lambda: canvas("zoom_out"), ["Ctrl+-"], "mdi6.magnify-minus-outline", is_open),
        row("view.zoom_reset", "&Actual size", lambda: canvas("zoom_reset"), ["Ctrl+0"], enabled=is_open),
        row("view.minimap", "&Minimap", window.toggle_minimap, checked=window.minimap_shown),
        row("view.light", "&Light", lambda: window.choose_look("light"), checked=lambda: window.look_is("light")),
        row("view.dark", "&Dark", lambda: window.choose_look("dark"), checked=lambda: window.look_is("dark")),
        row("view.system", "As the &system", lambda: window.choose_look("system"), checked=lambda: window.look_is("system")),
        row("view.welcome", "&Welcome page", window.show_welcome),
        row("help.palette", "&Find a node, an action, a setting...", window.show_palette, ["Ctrl+P"], "mdi6.magnify"),
        row("help.shortcuts", "&Keyboard shortcuts", helps.show_shortcuts, ["F1", "Ctrl+?"], "mdi6.keyboard-outline"),
        row("help.tour", "First &tour", window.start_tour, icon="mdi6.school-outline"),
        row("help.about", "&About Layerloom", helps.show_about),
    ]  # fmt: skip
