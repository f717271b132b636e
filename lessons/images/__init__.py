"""Images: what a lesson hands to a page, and what readers bring along."""
