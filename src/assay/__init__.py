"""Assay weighs what an AI system really delivers."""
