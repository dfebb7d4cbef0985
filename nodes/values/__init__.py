"""What travels along an edge: Table, Network and Figure, each with a spec that is known before running."""
