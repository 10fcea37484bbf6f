"""The laboratory: time, units, random streams, histograms, statistics, audit, replication. Knows nothing of VMware."""
