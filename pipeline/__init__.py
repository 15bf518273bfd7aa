"""Raw shards to a published corpus: sources, stages, rules, deduplication, publishing."""

from pipeline.process import kernels  # noqa: F401 - before any kernel: it says where they are cached
