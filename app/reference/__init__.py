"""The node reference: every node of the catalog as web pages, made from the declarations. `python -m app.reference FOLDER`."""
