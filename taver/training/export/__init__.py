"""Trained models handed on: as ONNX or torch.export, with bare weights and a card."""
