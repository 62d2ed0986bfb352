"""Where a model looks: its attention over the face through time, as a sheet, a film and a page."""
