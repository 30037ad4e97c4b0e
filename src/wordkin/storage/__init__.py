"""File input and output: atomic writes, memory-mapped arrays, temporary files, safetensors."""
