"""What may happen to a sync: the chart, holds, decisions, policy and rules. Pure."""
