"""Who reads: the address, the visit, the room, the list of pages."""
