"""The JSON schema of workflow files: `python -m app.document.schema` prints it."""

from __future__ import annotations

import json
import sys
from typing import Any

from app.document.model import Workflow


def workflow_schema() -> dict[str, Any]:
    """Return the schema of `.workflow.json`, for editors and other programs."""
    schema = Workflow.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Layerloom workflow"} | {
        k: v for k, v in schema.items() if k != "title"
    }


if __name__ == "__main__":
    json.dump(workflow_schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
