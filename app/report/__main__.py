"""`python -m app.report`: write the report that standard input asks for (`ReportRequest`); what goes wrong is one line on
standard output."""

from __future__ import annotations

import logging
import sys


def main() -> int:
    """Write a report; returns the exit code: 0, or 1 if it could not be written."""
    from app.document.problems import DocumentError
    from app.report.stored import report_stored
    from app.report_request import ReportRequest

    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        report_stored(ReportRequest.of_text(sys.stdin.buffer.read().decode()))
    except DocumentError as error:
        reason = f"{error.message} {error.remedy}".strip()
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."
    except Exception as error:
        logging.exception("a report could not be written")
        reason = f"{type(error).__name__}: {error}"
    else:
        return 0
    sys.stdout.write(reason)
    return 1


if __name__ == "__main__":
    sys.exit(main())
