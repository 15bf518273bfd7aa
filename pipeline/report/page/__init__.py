"""What the funnel report is made of: the data it shows, its arithmetic, its drawings, its page."""
