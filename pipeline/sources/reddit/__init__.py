"""Reddit: submissions with their threads."""
