"""The index of workspace folders: SQLite files that one process a folder writes. Knows no cursor.

`client.Index` is what the rest of the program holds: it has the folders indexed and gives an
`overlay.Overlay`, the files of all folders with the unsaved buffers over them.
"""
