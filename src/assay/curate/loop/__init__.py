"""The feedback loop: a system's own verified answers train it, turn after turn, and every turn is measured."""
