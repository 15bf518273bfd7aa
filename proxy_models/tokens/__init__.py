"""The published corpus as tokens: byte-level BPE, a memory-mapped stream a domain and side, documents within them."""
