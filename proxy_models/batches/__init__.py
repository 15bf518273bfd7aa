"""Which tokens a step sees, whatever the number of runs and kills, and how they come to the device."""
