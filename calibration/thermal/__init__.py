"""Thermal counts as temperatures, and the thermal picture on the colour one."""
