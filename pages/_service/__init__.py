"""What stands behind the pages: the router, the engine, stored results, export."""
