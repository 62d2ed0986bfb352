"""The report on a calibration: one page that a person can judge it by."""
