"""From an opening to a file under its name: whatever happens to what senders send."""
