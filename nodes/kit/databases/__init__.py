"""What the nodes for databases share: where a database is, how it is asked, and its types as polars has them.

A database is spoken to by a process of its own (`python -m nodes.kit.databases`): a query that never ends, a damaged file and a
driver that crashes end that process, and nothing else.
"""
