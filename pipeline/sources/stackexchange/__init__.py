"""Stack Exchange: dumps as 7z or XML, questions with their answers."""
