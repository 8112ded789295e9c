"""Single pictures of videos, and strips of small ones for a time bar."""
