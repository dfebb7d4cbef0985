"""What nodes share that steer a workflow: kinds of ports, conditions on variables."""
