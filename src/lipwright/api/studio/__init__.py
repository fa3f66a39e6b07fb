"""The studio: a page that makes faces speak, served by the service itself."""
