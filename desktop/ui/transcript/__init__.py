"""The conversation on the page: model, view, blocks and paint."""
