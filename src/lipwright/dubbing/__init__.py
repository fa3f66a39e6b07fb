"""The whole job as a library: who can speak, and making them."""
