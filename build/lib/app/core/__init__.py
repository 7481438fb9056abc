"""What an upload is: pure values and rules. No Flask, no files, no clock, no environment."""
