"""Small models trained on mixtures of a published corpus: tokens, model, training, evaluation. Home of torch."""
