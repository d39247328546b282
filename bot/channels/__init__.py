"""Where people talk to the assistant. A channel translates and renders; it decides nothing."""
