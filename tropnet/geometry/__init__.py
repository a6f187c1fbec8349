"""Polyhedral complexes of networks: cells, linear regions, canonical forms, distances."""
