"""Nodes that learn from tables: classical learners, clustering and reduction through scikit-learn, and their validation."""
