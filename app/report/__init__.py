"""The report of a run: one HTML page that holds everything itself."""

from app.report.page import write_report

__all__ = ["write_report"]
