"""Programs made smaller and cut into kernels: functions from graphs to graphs."""
