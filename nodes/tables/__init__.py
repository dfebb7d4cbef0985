"""Nodes that change tables: columns, rows, partitions."""
