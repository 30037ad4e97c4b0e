"""What every file on disk goes through: atomic writes, memory-mapped arrays, temporary files, safetensors."""
