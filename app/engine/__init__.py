"""How a workflow runs: plan, keys, result store, executor, events. Knows the document and the nodes, never Qt."""
