"""What people see of work: bars, rates and times left, amounts as a person says them."""
