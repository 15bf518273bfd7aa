"""YAML that people write: read strictly, with a line for each mistake and the name that was meant."""
