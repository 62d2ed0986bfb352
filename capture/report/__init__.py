"""What a recording came to: report.json to compute with, report.html to look at."""
