"""The parts of Streamlit's fonts that the pages are written with, and how they are made."""
