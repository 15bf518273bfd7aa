"""What stands beside the words of a licence: explained, or against it."""
