"""What two networks have in common on a domain, and how far they differ there."""
