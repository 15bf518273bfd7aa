"""Documents taken out of what is published, of tokens and of models' books, and kept out."""
