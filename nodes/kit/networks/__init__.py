"""Networks and Keras: building, feeding, applying, reading."""
