"""Licences: which ones a text holds, and what they allow."""

from pipeline.licences.identify import Match, identify

__all__ = ["Match", "identify"]
