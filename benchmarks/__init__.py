"""Models that stunlab is measured against; no part of it."""
