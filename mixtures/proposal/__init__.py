"""From runs to a proposal, and what else their surface says."""
