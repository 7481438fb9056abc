"""What senders ask for besides sending: receipts, and codes that move uploads to another device."""
