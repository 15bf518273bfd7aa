"""What runs leave open: functions that are still possible, held-out errors, noise, what larger models keep."""
