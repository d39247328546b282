"""What the assistant can do, one module each: `respond(incoming, session, sources) -> Turn`."""
