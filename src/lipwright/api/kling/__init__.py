"""The Kling lip-sync API over the neutral core: its field names, codes and quirks live here."""
