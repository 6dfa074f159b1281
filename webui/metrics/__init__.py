"""What was measured: histograms, snapshots, merging, thresholds. Pure: no asyncio, no I/O."""
