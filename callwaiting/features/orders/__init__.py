"""Orders: lines with the prices of their moment, and one total."""
