"""Tests of the nodes in nodes/flow."""
