"""What an operator does to a running studio, and to the machine."""
