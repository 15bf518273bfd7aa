"""Small decoders with a leading axis of members, their head and optimiser, and what decides their bits."""
