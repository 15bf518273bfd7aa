"""Parts of texts that stand elsewhere, too: lines of a site, passages of the corpus, and the texts without them."""
