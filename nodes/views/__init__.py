"""Nodes that draw tables: lines, points, bars, histograms, boxes, heat maps."""
