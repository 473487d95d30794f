"""Our own plugins: they use the public hooks and nothing else."""
