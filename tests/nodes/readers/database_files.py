"""Where the databases of the tests are."""

PASSWORD = "it's a \\ secret"
FILES = {"sqlite": {"kind": "sqlite", "path": "a ä#?.db"}, "duckdb": {"kind": "duckdb", "path": "a ä#.duckdb"}}
