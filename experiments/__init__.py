"""The questions: scenarios, comparisons, charts, reports, the command line. Yields no simulation event."""
