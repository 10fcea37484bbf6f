"""Holds the simulator against closed forms, published numbers and a real block layer."""
