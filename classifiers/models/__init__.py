"""What a text looks like to a model, the models, and how a stage asks one."""
