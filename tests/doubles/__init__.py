"""Stand-ins for the world around the workers: a town, a store, a doorbell, a mailer, a clock."""
