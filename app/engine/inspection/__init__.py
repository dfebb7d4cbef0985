"""Looking at stored results: what the editor's views ask the engine, answered from the store, without TensorFlow.

Each module answers the requests of one kind of view; `ANSWERS` lists them by name. An answer is a function of a node's
stored outputs and of the request's parameters; it changes nothing.
"""
