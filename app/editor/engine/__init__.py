"""The engine process as the editor has it: `process` starts it and notices its end, `transport` frames, `client` asks."""
