"""What the package costs, as ratios to something measured in the same run."""
