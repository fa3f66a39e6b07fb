"""The durable work behind the API: sessions, tasks, workers and the children they run."""
