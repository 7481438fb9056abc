"""What becomes of received files: taken away in archives, deleted, restored."""
