"""What lipwright keeps: database tables, files, API keys, signatures."""
