"""What readers read: prose, messages, notation."""
