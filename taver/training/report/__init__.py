"""Pages of training: how a run went and what it says, ablations, cross-validation, a session."""
