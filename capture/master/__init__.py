"""Leads a recording: starts or finds the agents, gives the start, keeps session.json, collects."""
