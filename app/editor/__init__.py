"""The editor: what a person sees. It shows documents and asks the engine process; it never imports TensorFlow."""
