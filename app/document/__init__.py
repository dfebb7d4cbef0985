"""What a workflow is: its data model, its file, its graph. Knows neither Qt nor TensorFlow, nor how anything runs."""
