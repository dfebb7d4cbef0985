"""From the cells of a file to the cells of a table, in one order of steps for all readers that find types by looking.

read (the format's own) -> unquote -> trim -> names -> missing words -> types -> check. A setting acts at its step and at no
other: types are given to columns by the names that the table will have, words for missing cells are those without blanks
around them where blanks are taken off, and what does not fit its type at the end is told, cell by cell (`misfits`).
"""
