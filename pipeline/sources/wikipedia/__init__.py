"""MediaWiki: XML dumps as articles."""
