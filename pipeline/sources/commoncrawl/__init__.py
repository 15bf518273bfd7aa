"""Web archives: WARC, ARC and WET, packed or plain, whole or damaged."""
