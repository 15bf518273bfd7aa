"""The review queue: people's answers on documents near a decision boundary, kept beside the run."""
