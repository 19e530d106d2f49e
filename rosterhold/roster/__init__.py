"""What a roster is and how two differ. Pure: no clock, no network, no database."""
