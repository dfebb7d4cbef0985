"""The config dialog, made from a node's declaration."""

from app.editor.config.panel import ConfigPanel

__all__ = ["ConfigPanel"]
