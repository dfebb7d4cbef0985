"""Training a network: losses, metrics, optimizers, callbacks, and the loop itself."""
