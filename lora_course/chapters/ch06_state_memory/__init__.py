"""Weights, gradients, optimizer: say in a line what a reader measures here."""
