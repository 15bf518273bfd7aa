"""Tables that a stage looks things up in: robots.txt by host and date, measures made elsewhere by key."""
