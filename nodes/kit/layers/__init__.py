"""What layers share: how a node becomes a layer of a network."""
