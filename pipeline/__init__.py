"""Raw shards to a published corpus: sources, stages, rules, deduplication, publishing."""
