"""The weights that lipwright needs: what they are, where from, and where they lie."""
