"""Columns, cells and rows: what nodes share that change tables."""
