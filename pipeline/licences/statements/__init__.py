"""What names licences without their words: notices, tags, addresses, expressions of SPDX."""
