"""The canvas: NodeGraphQt as a view of the document, behind one adapter."""
