"""What does it cost? Every job beside the plainest work on the same video, in turn."""
