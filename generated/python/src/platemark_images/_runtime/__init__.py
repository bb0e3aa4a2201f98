"""What every client is made of, whatever the service: the same files in every emitted package."""
