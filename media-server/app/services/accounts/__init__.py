"""Who may call as the owner."""
