"""Reference models trained on datasets, evaluated by the paper's protocol, and handed on."""
