"""Brings machines' clocks together: exchanges as in NTP while recording, fitted afterwards."""
