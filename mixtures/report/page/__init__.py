"""What the mixture report is made of: markup that cannot be broken out of, drawings, sections, the page."""
