"""Files that harm: one module per format, each a list of `Attack`s."""
