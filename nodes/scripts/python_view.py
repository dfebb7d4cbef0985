"""Python View: a table in, a figure out, drawn by the person's own script."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from nodes.base import Job, NodeError, Port, Value, Values, setting
from nodes.heard_warnings import heard_warnings
from nodes.kit.scripts import scripting
from nodes.kit.scripts.script_node import ScriptNode, script_setting
from nodes.values.figure import (
    Figure,
    ImagesFigure,
)

TEMPLATE = """\
# input_table:    a polars DataFrame
# figure:         an empty matplotlib figure: draw into it
# output_figure:  or assign one of the program's own figures, which follow the window's colours:
#                     from nodes.values.figure import BarsFigure
#                     output_figure = BarsFigure("Missing cells", names, {"cells": counts})
import polars.selectors as cs

numbers = input_table.select(cs.numeric())
axes = figure.add_subplot()
for column in numbers.columns:
    axes.plot(numbers[column], label=column)
axes.set_xlabel("row")
if numbers.width:
    axes.legend()
"""


class PythonView(ScriptNode):
    """Draw a table with Python and matplotlib.

    The script draws into `figure`, an empty matplotlib figure of the size that the settings say; what is drawn with
    `matplotlib.pyplot` instead is found, too. It becomes an image. A script that assigns `output_figure`, one of the
    program's own figures (`nodes.values.figure`), gets a figure that follows the window's light and dark colours and can be
    exported as data.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: `figure.add_subplot().hexbin(input_table["x"], input_table["y"])` draws two columns of a table as a honeycomb
    of counts.
    """

    id = "scripts.python_view"
    title = "Python View"
    icon = "mdi6.chart-bell-curve"
    keywords = (
        "matplotlib",
        "pyplot",
        "plot",
        "chart",
        "draw",
        "custom figure",
        "Python View (legacy)",
    )
    input_ports = (Port("table", "table", "Table", "The script finds it as input_table."),)
    output_ports = (Port("figure", "figure", "Figure", "What the script has drawn."),)

    script: str = script_setting(
        TEMPLATE,
        "The script finds the table as input_table, a polars DataFrame, and an empty matplotlib figure as figure to draw into.",
    )
    figure_title: str = setting("Python View", "Title", "What the figure is called.", min_length=1)
    width: float = setting(8.0, "Width", "Of the drawing, in inches.", ge=1, le=40)
    height: float = setting(5.0, "Height", "Of the drawing, in inches.", ge=1, le=40)
    dpi: int = setting(200, "Resolution", "Pixels per inch.", ge=20, le=600)

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Run the script, and draw what it left."""
        import matplotlib as mpl
        from matplotlib.figure import Figure as Canvas

        mpl.use("Agg")  # a script's pyplot must not open windows
        figure = Canvas(figsize=(self.width, self.height), dpi=self.dpi, layout="constrained")
        found = self.run_script(job, {"input_table": values.table().frame(), "figure": figure})
        made = found.get("output_figure")
        if made is None:
            with scripting.at_work(self.script, "script", job):  # matplotlib meets many a mistake only when it draws
                return {"figure": self._drawn(found.get("figure"), figure, job)}
        if not isinstance(made, Figure):
            raise scripting.wrong_result("output_figure", made, "one of the figures of nodes.values.figure", "script")
        return {"figure": made}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the figure."""
        made: Any = outputs["figure"]
        return [made]

    def _drawn(self, assigned: Any, own: Any, job: Job) -> ImagesFigure:
        """The pixels of a matplotlib figure: that which the script drew into, or, if it did not, that of pyplot."""
        import numpy as np
        from PIL import Image

        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        figure = assigned if hasattr(assigned, "savefig") else own
        if figure is own and not own.axes and pyplot is not None and pyplot.get_fignums():
            figure = pyplot.gcf()
        if not figure.axes and not figure.texts and not figure.images:
            raise NodeError("The script has drawn nothing.", "Draw into figure, as in figure.add_subplot().", setting="script")
        content = io.BytesIO()
        with heard_warnings() as said:  # of a drawing too small for its labels, for one
            figure.savefig(content, format="png", dpi=self.dpi, facecolor="white")
        for text in dict.fromkeys(str(warning.message) for warning in said):
            job.log(text)
        if pyplot is not None:
            pyplot.close("all")
        with Image.open(content) as image:
            pixels = np.asarray(image.convert("RGB"))
        return ImagesFigure(self.figure_title, pixels[np.newaxis])
